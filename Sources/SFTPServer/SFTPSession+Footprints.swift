// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

extension SFTPSession {
    /// What a request looks at and changes.
    ///
    /// - Parameter pathsAreKnown: whether nothing is still to be carried out that could change where
    ///   paths lead.
    func footprint(of request: SFTPRequest, pathsAreKnown: Bool) -> Footprint {
        func file(at path: Bytes, followingLink: Bool = true) -> Footprint.Files {
            guard pathsAreKnown else { return .all }
            let status = try? files.status(of: path, followingLink: followingLink)
            return .only(status.map { [$0.identity] } ?? [])
        }
        switch request {
        case .read(let handle, _, _), .fsync(let handle):
            return Footprint(read: identities(of: handle))
        case .fstat(let handle):
            return Footprint(names: .used, read: identities(of: handle))
        case .write(let handle, _, _), .close(let handle), .fsetstat(let handle, _):
            return Footprint(written: identities(of: handle))
        case .copyData(let source, _, _, let destination, _):
            return Footprint(read: identities(of: source), written: identities(of: destination))
        // It tells of every file that has an entry, and of where in the directory it is.
        case .readdir(let handle):
            return Footprint(names: .used, read: .all, written: identities(of: handle))
        case .open, .opendir: return footprint(ofOpening: request) { file(at: $0) }
        case .stat(let path): return Footprint(names: .used, read: file(at: path))
        case .lstat(let path):
            return Footprint(names: .used, read: file(at: path, followingLink: false))
        // A directory's permissions and owner decide about the paths through it.
        case .setstat(let path, _): return Footprint(names: .changed, written: file(at: path))
        case .lsetstat(let path, _):
            return Footprint(names: .changed, written: file(at: path, followingLink: false))
        case .mkdir, .rmdir, .remove, .rename, .posixRename, .hardlink, .symlink:
            return Footprint(names: .changed)
        case .readlink, .realpath, .expandPath, .statvfs: return Footprint(names: .used)
        case .fstatvfs, .homeDirectory, .usersGroupsByID, .limits, .unknownExtension, .unknown:
            return Footprint()
        }
    }

    private func footprint(
        ofOpening request: SFTPRequest, file: (Bytes) -> Footprint.Files
    ) -> Footprint {
        // What is still to be closed may make room.
        guard handles.hasRoom else { return Footprint(names: .changed, written: .all) }
        guard case .open(let path, let flags, _) = request else { return Footprint(names: .used) }
        let touched = file(path)
        if flags.contains(.truncate) {
            return Footprint(names: .changed, written: touched)
        }
        return Footprint(names: flags.contains(.create) ? .changed : .used, read: touched)
    }

    /// What a handle stands for: nothing where it is none.
    private func identities(of handle: Bytes) -> Footprint.Files {
        guard let content = handles[handle] else { return .only([]) }
        return content.identity.map { .only([$0]) } ?? .all
    }
}
