// SPDX-License-Identifier: Apache-2.0

/// What the kernel can ask for, by libfuse's names.
public enum FuseOperation: Int, CaseIterable, Sendable {
    case lookup, getattr, setattr, readlink, access, statfs
    case mknod, mkdir, symlink, link, unlink, rmdir, rename
    case open, create, read, write, flush, fsync, release, copyFileRange
    case opendir, readdir, readdirplus, releasedir, fsyncdir

    /// libfuse's name.
    public var name: String {
        self == .copyFileRange ? "copy_file_range" : "\(self)"
    }
}
