// SPDX-License-Identifier: Apache-2.0

/// A system error by Linux's number for it.
///
/// The protocol code may not ask the operating system, and both ends must read the same texts
/// whatever their language is set to; so the numbers and texts stand here. They are those of Linux on
/// x86 and Arm (`asm-generic/errno.h`), and of the C library in the C locale.
public struct Errno: RawRepresentable, Hashable, Sendable, Error {
    /// The number.
    public let rawValue: Int32

    /// Takes the number as a system call leaves it.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }
}

// The names are POSIX's.
// swift-format-ignore: AlwaysUseLowerCamelCase, AllPublicDeclarationsHaveDocumentation
extension Errno {
    public static let EPERM = Errno(rawValue: 1)
    public static let ENOENT = Errno(rawValue: 2)
    public static let EINTR = Errno(rawValue: 4)
    public static let EIO = Errno(rawValue: 5)
    public static let ENXIO = Errno(rawValue: 6)
    public static let E2BIG = Errno(rawValue: 7)
    public static let EBADF = Errno(rawValue: 9)
    public static let EAGAIN = Errno(rawValue: 11)
    public static let ENOMEM = Errno(rawValue: 12)
    public static let EACCES = Errno(rawValue: 13)
    public static let EFAULT = Errno(rawValue: 14)
    public static let ENOTBLK = Errno(rawValue: 15)
    public static let EBUSY = Errno(rawValue: 16)
    public static let EEXIST = Errno(rawValue: 17)
    public static let EXDEV = Errno(rawValue: 18)
    public static let ENODEV = Errno(rawValue: 19)
    public static let ENOTDIR = Errno(rawValue: 20)
    public static let EISDIR = Errno(rawValue: 21)
    public static let EINVAL = Errno(rawValue: 22)
    public static let ENFILE = Errno(rawValue: 23)
    public static let EMFILE = Errno(rawValue: 24)
    public static let ENOTTY = Errno(rawValue: 25)
    public static let ETXTBSY = Errno(rawValue: 26)
    public static let EFBIG = Errno(rawValue: 27)
    public static let ENOSPC = Errno(rawValue: 28)
    public static let ESPIPE = Errno(rawValue: 29)
    public static let EROFS = Errno(rawValue: 30)
    public static let EMLINK = Errno(rawValue: 31)
    public static let EPIPE = Errno(rawValue: 32)
    public static let ERANGE = Errno(rawValue: 34)
    public static let EDEADLK = Errno(rawValue: 35)
    public static let ENAMETOOLONG = Errno(rawValue: 36)
    public static let ENOLCK = Errno(rawValue: 37)
    public static let ENOSYS = Errno(rawValue: 38)
    public static let ENOTEMPTY = Errno(rawValue: 39)
    public static let ELOOP = Errno(rawValue: 40)
    public static let ENODATA = Errno(rawValue: 61)
    public static let ETIME = Errno(rawValue: 62)
    public static let EREMOTE = Errno(rawValue: 66)
    public static let EPROTO = Errno(rawValue: 71)
    public static let EBADMSG = Errno(rawValue: 74)
    public static let EOVERFLOW = Errno(rawValue: 75)
    public static let EILSEQ = Errno(rawValue: 84)
    public static let EUSERS = Errno(rawValue: 87)
    public static let EOPNOTSUPP = Errno(rawValue: 95)
    public static let ENETDOWN = Errno(rawValue: 100)
    public static let ENETUNREACH = Errno(rawValue: 101)
    public static let ECONNABORTED = Errno(rawValue: 103)
    public static let ECONNRESET = Errno(rawValue: 104)
    public static let ENOBUFS = Errno(rawValue: 105)
    public static let ENOTCONN = Errno(rawValue: 107)
    public static let ESHUTDOWN = Errno(rawValue: 108)
    public static let ETIMEDOUT = Errno(rawValue: 110)
    public static let ECONNREFUSED = Errno(rawValue: 111)
    public static let EHOSTDOWN = Errno(rawValue: 112)
    public static let EHOSTUNREACH = Errno(rawValue: 113)
    public static let ESTALE = Errno(rawValue: 116)
    public static let EUCLEAN = Errno(rawValue: 117)
    public static let EREMOTEIO = Errno(rawValue: 121)
    public static let EDQUOT = Errno(rawValue: 122)
    public static let ENOMEDIUM = Errno(rawValue: 123)
    public static let EMEDIUMTYPE = Errno(rawValue: 124)
    public static let ECANCELED = Errno(rawValue: 125)
    public static let ENOKEY = Errno(rawValue: 126)
    public static let EKEYEXPIRED = Errno(rawValue: 127)
    public static let EKEYREVOKED = Errno(rawValue: 128)
    public static let EKEYREJECTED = Errno(rawValue: 129)
}

extension Errno {
    /// The error whose text this is, if it is in our table.
    public init?(text: String) {
        guard let known = Self.known.first(where: { $0.text == text }) else { return nil }
        self = known.errno
    }

    /// The error's text, such as "No such file or directory"; `nil` if it isn't in our table.
    public var text: String? {
        Self.known.first { $0.errno == self }?.text
    }

    static let known: [(errno: Errno, text: String)] = [
        (.EPERM, "Operation not permitted"),
        (.ENOENT, "No such file or directory"),
        (.EINTR, "Interrupted system call"),
        (.EIO, "Input/output error"),
        (.ENXIO, "No such device or address"),
        (.E2BIG, "Argument list too long"),
        (.EBADF, "Bad file descriptor"),
        (.EAGAIN, "Resource temporarily unavailable"),
        (.ENOMEM, "Cannot allocate memory"),
        (.EACCES, "Permission denied"),
        (.EFAULT, "Bad address"),
        (.ENOTBLK, "Block device required"),
        (.EBUSY, "Device or resource busy"),
        (.EEXIST, "File exists"),
        (.EXDEV, "Invalid cross-device link"),
        (.ENODEV, "No such device"),
        (.ENOTDIR, "Not a directory"),
        (.EISDIR, "Is a directory"),
        (.EINVAL, "Invalid argument"),
        (.ENFILE, "Too many open files in system"),
        (.EMFILE, "Too many open files"),
        (.ENOTTY, "Inappropriate ioctl for device"),
        (.ETXTBSY, "Text file busy"),
        (.EFBIG, "File too large"),
        (.ENOSPC, "No space left on device"),
        (.ESPIPE, "Illegal seek"),
        (.EROFS, "Read-only file system"),
        (.EMLINK, "Too many links"),
        (.EPIPE, "Broken pipe"),
        (.ERANGE, "Numerical result out of range"),
        (.EDEADLK, "Resource deadlock avoided"),
        (.ENAMETOOLONG, "File name too long"),
        (.ENOLCK, "No locks available"),
        (.ENOSYS, "Function not implemented"),
        (.ENOTEMPTY, "Directory not empty"),
        (.ELOOP, "Too many levels of symbolic links"),
        (.ENODATA, "No data available"),
        (.ETIME, "Timer expired"),
        (.EREMOTE, "Object is remote"),
        (.EPROTO, "Protocol error"),
        (.EBADMSG, "Bad message"),
        (.EOVERFLOW, "Value too large for defined data type"),
        (.EILSEQ, "Invalid or incomplete multibyte or wide character"),
        (.EUSERS, "Too many users"),
        (.EOPNOTSUPP, "Operation not supported"),
        (.ENETDOWN, "Network is down"),
        (.ENETUNREACH, "Network is unreachable"),
        (.ECONNABORTED, "Software caused connection abort"),
        (.ECONNRESET, "Connection reset by peer"),
        (.ENOBUFS, "No buffer space available"),
        (.ENOTCONN, "Transport endpoint is not connected"),
        (.ESHUTDOWN, "Cannot send after transport endpoint shutdown"),
        (.ETIMEDOUT, "Connection timed out"),
        (.ECONNREFUSED, "Connection refused"),
        (.EHOSTDOWN, "Host is down"),
        (.EHOSTUNREACH, "No route to host"),
        (.ESTALE, "Stale file handle"),
        (.EUCLEAN, "Structure needs cleaning"),
        (.EREMOTEIO, "Remote I/O error"),
        (.EDQUOT, "Disk quota exceeded"),
        (.ENOMEDIUM, "No medium found"),
        (.EMEDIUMTYPE, "Wrong medium type"),
        (.ECANCELED, "Operation canceled"),
        (.ENOKEY, "Required key not available"),
        (.EKEYEXPIRED, "Key has expired"),
        (.EKEYREVOKED, "Key has been revoked"),
        (.EKEYREJECTED, "Key was rejected by service"),
    ]
}

extension Errno: CustomStringConvertible {
    /// The error's text, or its number.
    public var description: String { text ?? "error \(rawValue)" }
}
