// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import SFTPProtocol
public import Wire

/// Walls round a server that stand also where its own checks fail: the kernel refuses what the server has
/// no use for, and nothing takes that back while the process lives.
///
/// They hold for the calling thread and those that it starts: they are raised before there is any other.
public enum Sandbox {
    /// What is read outside of the tree, where it is there: what the C library, its name services and
    /// libcrypto may read at any time, each under names that may stand for other files later on.
    private static let systemPaths = [
        "/etc", "/usr", "/lib", "/lib64", "/nix/store", "/gnu/store", "/var/lib/sss", "/run/userdb",
        "/dev/urandom",
    ]

    /// The version of the system's Landlock; below zero where it has none.
    static var landlockVersion: Int32 { clinux_landlock_version() }

    /// Leaves the process nothing of the file system but a confined tree and what servers need, and no
    /// TCP connections but those that come to it (Landlock, see landlock(7)).
    ///
    /// Names, attributes and links are beyond Landlock: files outside can't be opened, made, removed or
    /// renamed, but their attributes could be read and changed.
    ///
    /// - Parameters:
    ///   - tree: what may be worked with; a tree that is not confined raises no wall.
    ///   - isReadOnly: whether it may only be read.
    ///   - files: files outside that are read again and again, such as keys. They may be replaced, so all
    ///     that lies in their directories can be read, and in those that links among them lead to.
    ///   - ports: where the process will listen.
    /// - Returns: Landlock's version.
    /// - Throws: the system's error where nothing has been restricted: `ENOSYS` or `EOPNOTSUPP` where it
    ///   has no Landlock, or one that would refuse renames from one directory to another.
    public static func confine(
        to tree: FileTree, isReadOnly: Bool, reading files: [Bytes] = [], ports: [UInt16] = []
    ) throws(Errno) -> Int {
        guard let root = tree.root else { throw .EINVAL }
        let version = landlockVersion
        try check(version)
        // Before version 2, files can't be moved between directories, whatever the rules say.
        guard version >= 2 || isReadOnly else { throw .ENOSYS }
        askBeforehand()
        let rules = try Rules(version: version)
        defer { rules.close() }
        try root.withDescriptor { root throws(Errno) in
            try rules.allow(root, isReadOnly ? Rules.reading : rules.changing)
        }
        for path in systemPaths { rules.allow(Array(path.utf8)[...], Rules.readingFiles) }
        rules.allow(Array("/dev/null".utf8)[...], Rules.readingFiles | Rules.writingFiles)
        for file in files { rules.allowDirectory(of: file) }
        if version >= Rules.networkVersion { for port in ports { try rules.allow(port: port) } }
        try check(clinux_gain_no_privileges())
        try check(clinux_landlock_restrict(rules.descriptor))
        return Int(version)
    }

    /// Has the kernel refuse system calls that no server needs: those that execute programs, change the
    /// system or look into other processes, and all of other architectures (seccomp(2)).
    ///
    /// - Parameter allThreads: whether it also holds for the threads that there are already.
    /// - Throws: the system's error, where it has no seccomp filters.
    public static func denyCalls(allThreads: Bool = true) throws(Errno) {
        try check(clinux_gain_no_privileges())
        try check(clinux_deny_calls(allThreads ? 1 : 0))
    }

    /// What is asked for once and remembered, by us or by the C library.
    private static func askBeforehand() {
        tzset()
        _ = SessionProcess.place()
        // Name services may have modules of their own for groups.
        _ = Accounts().groupName(getgid())
    }
}

/// Rules of Landlock that are being made.
private struct Rules {
    let descriptor: Int32
    /// All rights of this version but to execute, and to control devices.
    let changing: UInt64

    static let networkVersion: Int32 = 4
    static let readingFiles = UInt64(clinux_FS_READ_FILE)
    static let writingFiles = UInt64(clinux_FS_WRITE_FILE)
    static let reading = readingFiles | UInt64(clinux_FS_READ_DIR)

    init(version: Int32) throws(Errno) {
        let younger = [
            (2, clinux_FS_REFER), (3, clinux_FS_TRUNCATE),
            (5, clinux_FS_IOCTL_DEV),
        ]
        let files = younger.reduce(UInt64(clinux_FS_VERSION_1)) { rights, right in
            version >= right.0 ? rights | UInt64(right.1) : rights
        }
        let network = UInt64(clinux_NET_BIND_TCP | clinux_NET_CONNECT_TCP)
        descriptor = clinux_landlock_create(files, version >= Self.networkVersion ? network : 0)
        try check(descriptor)
        changing = files & ~UInt64(clinux_FS_EXECUTE | clinux_FS_IOCTL_DEV)
    }

    func close() { _ = Glibc.close(descriptor) }

    func allow(_ place: Int32, _ rights: UInt64) throws(Errno) {
        try check(clinux_landlock_allow_files(descriptor, place, rights))
    }

    func allow(port: UInt16) throws(Errno) {
        let rights = UInt64(clinux_NET_BIND_TCP)
        try check(clinux_landlock_allow_port(descriptor, port, rights))
    }

    /// Gives rights to what is at a path; what is not there needs none.
    @discardableResult
    func allow(_ path: Bytes, _ rights: UInt64) -> Bool {
        var place: Int32 = -1
        do throws(Errno) {
            try unsafe withPath(path) { path in
                place = unsafe open(path, CInt(clinux_O_PATH) | O_CLOEXEC)
                return place
            }
            defer { _ = Glibc.close(place) }
            try allow(place, rights)
            return true
        } catch {
            return false
        }
    }

    /// Has the files beside a file be read, and those beside what it is a link to.
    ///
    /// Where its directory is still to be made, it can be read wherever that is made.
    func allowDirectory(of file: Bytes) {
        let target = try? LocalFiles.canonicalPath(of: file)
        for path in [file, target].compactMap(\.self) {
            var directory = path
            while let slash = directory.lastIndex(of: UInt8(ascii: "/")) {
                directory = directory[..<slash]
                let name = directory.isEmpty ? [UInt8(ascii: "/")] : directory
                if allow(name, Self.readingFiles) { break }
            }
        }
    }
}
