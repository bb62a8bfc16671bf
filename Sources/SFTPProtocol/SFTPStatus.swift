// SPDX-License-Identifier: Apache-2.0

/// STATUS: how a request ended.
public struct SFTPStatus: Hashable, Sendable {
    /// What kind of end it was.
    public var code: StatusCode
    /// The server's words for it.
    ///
    /// A peer's are to be escaped before they reach a terminal.
    public var message: String

    /// A code, with OpenSSH's text for it unless another is given.
    public init(_ code: StatusCode, message: String? = nil) {
        self.code = code
        self.message = message ?? code.text
    }

    /// How our server reports that a system call failed: OpenSSH's code for it, and the error's own
    /// text, from which ``exactErrno`` finds the number again.
    public init(errno: Errno) {
        code = StatusCode(errno: errno)
        message = errno.text ?? code.text
    }

    /// The error that the server names in its message; `nil` where it names none.
    ///
    /// Believed only if that error has this very code, and if the text is more than the code's own:
    /// OpenSSH sends "Permission denied" for EPERM too. Errors that would speak of the local call
    /// instead of the remote one are not believed: EINTR and EAGAIN would make programs repeat it,
    /// ENOSYS would make the kernel never ask again.
    public var exactErrno: Errno? {
        if message == code.text { return nil }
        return switch Errno(text: message) {
        case nil, .EINTR?, .EAGAIN?, .ENOSYS?: nil
        case let errno?: StatusCode(errno: errno) == code ? errno : nil
        }
    }

    /// The error that this status stands for; `nil` for OK and EOF.
    ///
    /// It is ``exactErrno``, or else what the code alone tells: `EIO` for FAILURE, which servers send
    /// for EEXIST, ENOTEMPTY, ENOSPC and many more.
    public var errno: Errno? {
        switch code {
        case .ok, .eof: nil
        default: exactErrno ?? code.defaultErrno
        }
    }
}
