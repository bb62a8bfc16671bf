// SPDX-License-Identifier: Apache-2.0

// The one table between system errors and SFTP status codes.

extension StatusCode {
    /// The code that OpenSSH's server sends when a system call fails with `errno`.
    public init(errno: Errno) {
        switch errno {
        case .ENOENT, .ENOTDIR, .EBADF, .ELOOP: self = .noSuchFile
        case .EPERM, .EACCES, .EFAULT: self = .permissionDenied
        case .ENAMETOOLONG, .EINVAL: self = .badMessage
        case .ENOSYS: self = .operationUnsupported
        default: self = .failure
        }
    }

    /// What the code means to a local program when nothing more is known.
    var defaultErrno: Errno {
        switch self {
        case .noSuchFile: .ENOENT
        case .permissionDenied: .EACCES
        case .badMessage: .EINVAL
        case .noConnection: .ENOTCONN
        case .connectionLost: .ECONNRESET
        case .operationUnsupported: .EOPNOTSUPP
        default: .EIO
        }
    }
}
