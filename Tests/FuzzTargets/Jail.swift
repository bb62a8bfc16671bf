// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A root directory of the process's own, for targets that do what they are told to files.
public enum Jail {
    /// Whether the process is in it.
    nonisolated(unsafe) public private(set) static var isEntered = false

    /// Makes a directory the root of this process, for good, and goes to an empty one in it.
    ///
    /// Needs root, if only in a user namespace.
    ///
    /// - Returns: whether that worked.
    public static func enter(_ folder: String) -> Bool {
        guard unsafe chroot(folder) == 0 else { return false }
        unsafe mkdir(workFolder, 0o700)
        guard unsafe chdir(workFolder) == 0 else { return false }
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else {
            return false
        }
        unsafe isEntered = true
        return true
    }

    private static let workFolder = "/jail"

    /// Removes what was made in it.
    static func empty() {
        remove(Array(workFolder.utf8CString))
        unsafe mkdir(workFolder, 0o700)
        unsafe chdir(workFolder)
    }

    /// Removes a file, or a folder and what it holds.
    ///
    /// Names are bytes, zero-terminated: as a String those that are not UTF-8 would change.
    private static func remove(_ path: [CChar]) {
        if unsafe unlink(path) == 0 || rmdir(path) == 0 { return }
        unsafe chmod(path, 0o700)
        guard let stream = unsafe opendir(path) else { return }
        while let entry = unsafe readdir(stream) {
            let name = unsafe Array(
                withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    unsafe bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
                })
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            remove(path.dropLast() + [0x2F] + name + [0])
        }
        unsafe closedir(stream)
        unsafe rmdir(path)
    }
}
