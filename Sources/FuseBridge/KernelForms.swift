// SPDX-License-Identifier: Apache-2.0

internal import CFuse
import Glibc
import RemoteFS
import SFTPProtocol
import Wire

// What the file system says, in the structures of libfuse and the kernel.

extension Duration {
    /// The duration as libfuse takes timeouts.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

extension FileStatus {
    /// The block size shown for every file, in bytes: what programs take as the best size for their
    /// reads and writes, each of which is a request to a server.
    private static let preferredBlockBytes = 128 << 10

    var attributes: stat {
        var attributes = stat()
        attributes.st_ino = UInt(number)
        attributes.st_mode = mode
        attributes.st_nlink = nlink_t(linkCount)
        attributes.st_uid = uid
        attributes.st_gid = gid
        attributes.st_size = off_t(clamping: size)
        attributes.st_blksize = Self.preferredBlockBytes
        attributes.st_blocks = blkcnt_t(clamping: blocks)
        attributes.st_atim = timespec(atime)
        attributes.st_mtim = timespec(mtime)
        attributes.st_ctim = timespec(ctime)
        return attributes
    }
}

extension timespec {
    fileprivate init(_ time: FileTime) {
        self.init(tv_sec: Int(time.seconds), tv_nsec: Int(time.fraction))
    }
}

extension FileTime {
    fileprivate init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(clamping: time.tv_nsec))
    }
}

extension Entry {
    var parameters: fuse_entry_param {
        var parameters = fuse_entry_param()
        parameters.ino = status.inode
        parameters.attr = status.attributes
        parameters.attr_timeout = statusValidity.seconds
        parameters.entry_timeout = nameValidity.seconds
        return parameters
    }
}

extension OpenedFile {
    func info(_ pages: FuseBridgeOptions.Pages) -> fuse_file_info {
        var info = fuse_file_info()
        info.fh = handle
        switch pages {
        case .keptIfUnchanged: info.keep_cache = keepsPages ? 1 : 0
        case .kept: info.keep_cache = 1
        case .dropped: info.keep_cache = 0
        case .none: info.direct_io = 1
        }
        info.noflush = needsFlush ? 0 : 1
        if bypassesPages { (info.direct_io, info.keep_cache) = (1, 0) }
        return info
    }
}

extension OpenedDirectory {
    var info: fuse_file_info {
        var info = fuse_file_info()
        info.fh = handle
        info.cache_readdir = keepsNewEntries ? 1 : 0
        info.keep_cache = keepsEntries ? 1 : 0
        return info
    }
}

extension FileSystemStatistics {
    var values: statvfs {
        var values = statvfs()
        values.f_bsize = UInt(bsize)
        values.f_frsize = UInt(frsize)
        values.f_blocks = UInt(blocks)
        values.f_bfree = UInt(bfree)
        values.f_bavail = UInt(bavail)
        values.f_files = UInt(files)
        values.f_ffree = UInt(ffree)
        values.f_favail = UInt(favail)
        values.f_namemax = UInt(namemax)
        return values
    }
}

extension OpenFlags {
    /// The flags of open(2), as far as SFTP knows them.
    ///
    /// CREAT is implied where it matters.
    init(kernel flags: CInt) {
        switch flags & O_ACCMODE {
        case O_WRONLY: self = .write
        case O_RDWR: self = [.read, .write]
        default: self = .read
        }
        if flags & O_APPEND != 0 { insert(.append) }
        if flags & O_TRUNC != 0 { insert(.truncate) }
        if flags & O_EXCL != 0 { insert(.exclusive) }
    }
}

extension AttributeChanges {
    /// What the kernel asks to be set.
    init(_ attributes: stat, toSet: CInt) {
        self.init()
        if toSet & CInt(FUSE_SET_ATTR_MODE) != 0 { permissions = attributes.st_mode }
        if toSet & CInt(FUSE_SET_ATTR_UID) != 0 { uid = attributes.st_uid }
        if toSet & CInt(FUSE_SET_ATTR_GID) != 0 { gid = attributes.st_gid }
        if toSet & CInt(FUSE_SET_ATTR_SIZE) != 0 { size = UInt64(clamping: attributes.st_size) }
        if toSet & CInt(FUSE_SET_ATTR_ATIME_NOW) != 0 {
            atime = .now
        } else if toSet & CInt(FUSE_SET_ATTR_ATIME) != 0 {
            atime = .at(FileTime(attributes.st_atim))
        }
        if toSet & CInt(FUSE_SET_ATTR_MTIME_NOW) != 0 {
            mtime = .now
        } else if toSet & CInt(FUSE_SET_ATTR_MTIME) != 0 {
            mtime = .at(FileTime(attributes.st_mtim))
        }
    }
}

/// Copies a name that libfuse only lends.
func copyName(_ name: UnsafePointer<CChar>?) -> [UInt8] {
    guard let name = unsafe name else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))
}

/// The most buffers handed to the kernel at once; what comes in more pieces is joined first.
private let buffersAtOnce = 256

/// Calls `body` with the addresses of pieces of data, which stay where they are meanwhile.
func withBuffers(
    of data: [Bytes], _ body: (UnsafeBufferPointer<iovec>) -> CInt
) -> CInt {
    let pieces = data.count <= buffersAtOnce ? data : [data.flatMap(\.self)[...]]
    var buffers: [iovec] = unsafe []
    unsafe buffers.reserveCapacity(pieces.count)
    func add(_ index: Int) -> CInt {
        guard index < pieces.count else {
            return unsafe buffers.withUnsafeBufferPointer { unsafe body($0) }
        }
        return unsafe pieces[index].withUnsafeBytes { bytes in
            unsafe buffers.append(
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                    iov_len: bytes.count))
            return add(index + 1)
        }
    }
    return add(0)
}

/// Writes entries of a directory in the kernel's form.
///
/// - Returns: how many bytes they take.
func pack(
    _ entries: [ListedEntry], into buffer: UnsafeMutableBufferPointer<CChar>,
    for raw: OpaquePointer, withAttributes: Bool
) -> Int {
    var used = 0
    for entry in entries {
        let name = entry.name + [0]
        let size = unsafe name.withUnsafeBytes { name in
            let room = unsafe UnsafeMutableBufferPointer(rebasing: buffer[used...])
            let text = unsafe name.bindMemory(to: CChar.self).baseAddress
            if withAttributes {
                var parameters = entry.parameters
                return unsafe fuse_add_direntry_plus(
                    raw, room.baseAddress, room.count, text, &parameters,
                    off_t(entry.nextOffset))
            }
            var attributes = stat()
            attributes.st_ino = UInt(entry.number)
            attributes.st_mode = entry.kind?.rawValue ?? 0
            return unsafe fuse_add_direntry(
                raw, room.baseAddress, room.count, text, &attributes, off_t(entry.nextOffset))
        }
        guard used + size <= buffer.count else { break }
        used += size
    }
    return used
}

extension ListedEntry {
    /// The entry with a node to look up, or, where there is none, with its number and kind only.
    fileprivate var parameters: fuse_entry_param {
        if let entry { return entry.parameters }
        var parameters = fuse_entry_param()
        parameters.attr.st_ino = UInt(number)
        parameters.attr.st_mode = kind?.rawValue ?? 0
        return parameters
    }

    /// How many bytes an entry takes in the kernel's form besides its name.
    static func overhead(for raw: OpaquePointer, withAttributes: Bool) -> Int {
        // Sizes are rounded up to a multiple of eight; an empty name leaves the headers alone.
        withAttributes
            ? unsafe fuse_add_direntry_plus(raw, nil, 0, "", nil, 0)
            : unsafe fuse_add_direntry(raw, nil, 0, "", nil, 0)
    }
}
