// SPDX-License-Identifier: Apache-2.0

import Glibc
public import SFTPProtocol
public import Wire

private let slash = UInt8(ascii: "/")
private let dot = UInt8(ascii: ".")

extension FileTree {
    /// The most links that a path may lead through, as in the kernel's own walk.
    private static let linksFollowed = 40

    /// The absolute path without links, `.`, `..` and doubled slashes; its last part need not exist.
    ///
    /// That is what SFTP's REALPATH gives, unlike realpath(3).
    public func canonicalPath(of path: Bytes) throws(Errno) -> Bytes {
        guard path.count < Int(PATH_MAX) else { throw .ENAMETOOLONG }
        var resolved = path.first == slash ? [] : try workingDirectory().dropTrailingSlash
        var left = path
        var links = 0
        while !left.isEmpty {
            let component = left.prefix { $0 != slash }
            let isLast = component.count == left.count
            left = left.dropFirst(component.count + (isLast ? 0 : 1))
            if component.isEmpty || component.elementsEqual([dot]) { continue }
            if component.elementsEqual([dot, dot]) {
                resolved = resolved.dropLastComponent
                continue
            }
            let next = resolved + [slash] + component
            guard next.count < Int(PATH_MAX) else { throw .ENAMETOOLONG }
            do {
                let status = try status(of: next, followingLink: false)
                guard status.isSymbolicLink else {
                    resolved = next
                    continue
                }
            } catch  where error == .ENOENT && isLast {
                return next
            }
            links += 1
            guard links <= Self.linksFollowed else { throw .ELOOP }
            let target = try target(ofLink: next)
            if target.first == slash { resolved = [] }
            left = isLast ? target : target + [slash] + left
            guard left.count < Int(PATH_MAX) else { throw .ENAMETOOLONG }
        }
        return resolved.isEmpty ? [slash] : resolved
    }
}

extension LocalFiles {
    /// The working directory.
    public static func workingDirectory() throws(Errno) -> Bytes {
        guard let path = unsafe getcwd(nil, 0) else { throw .last }
        defer { unsafe free(path) }
        return unsafe bytes(of: path)
    }

    /// Makes `path` the working directory.
    public static func changeWorkingDirectory(to path: Bytes) throws(Errno) {
        try unsafe withPath(path) { unsafe chdir($0) }
    }

    /// The absolute path, as ``FileTree/canonicalPath(of:)``.
    public static func canonicalPath(of path: Bytes) throws(Errno) -> Bytes {
        try FileTree.whole.canonicalPath(of: path)
    }
}

extension FileStatus {
    fileprivate var isSymbolicLink: Bool { mode & S_IFMT == S_IFLNK }
}

extension Bytes {
    fileprivate var dropTrailingSlash: Bytes { last == slash ? dropLast() : self }

    /// An absolute path without its last part; the root, which stands as nothing, stays.
    fileprivate var dropLastComponent: Bytes {
        guard let index = lastIndex(of: slash) else { return self }
        return prefix(upTo: index)
    }
}
