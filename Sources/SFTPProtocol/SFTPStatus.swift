// SPDX-License-Identifier: Apache-2.0

/// STATUS: how a request ended.
public struct SFTPStatus: Hashable, Sendable {
    /// What kind of end it was.
    public var code: StatusCode
    /// The server's words for it.
    ///
    /// A peer's are to be escaped before they reach a terminal.
    public var message: String
    /// The error by its number, where the server tells it (``ExactExtension``).
    public var reportedErrno: Errno?

    /// A code, with OpenSSH's text for it unless another is given.
    public init(_ code: StatusCode, message: String? = nil) {
        self.code = code
        self.message = message ?? code.text
    }

    /// How our server reports that a system call failed: OpenSSH's code for it, and the error's own
    /// text, from which ``exactErrno`` finds the number again.
    ///
    /// - Parameters:
    ///   - errno: what the system call failed with.
    ///   - isReported: whether the number itself is told, too.
    public init(errno: Errno, isReported: Bool = false) {
        code = StatusCode(errno: errno)
        message = errno.text ?? code.text
        reportedErrno = isReported ? errno : nil
    }

    /// The error that the server tells by its number or names in its message; `nil` where it does not.
    ///
    /// Believed only if that error has this very code, and a text only if it is more than the code's own:
    /// OpenSSH sends "Permission denied" for EPERM too. Errors that would speak of the local call
    /// instead of the remote one are not believed: EINTR and EAGAIN would make programs repeat it,
    /// ENOSYS would make the kernel never ask again.
    public var exactErrno: Errno? {
        let named = message == code.text ? nil : Errno(text: message)
        guard let errno = reportedErrno ?? named, errno.text != nil else { return nil }
        return switch errno {
        case .EINTR, .EAGAIN, .ENOSYS: nil
        default: StatusCode(errno: errno) == code ? errno : nil
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
