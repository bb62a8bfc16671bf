// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// RENAME of version 3 replaces nothing (draft-ietf-secsh-filexfer-02, section 6.5), and there are servers
// without posix-rename@openssh.com. There, what a rename is to replace is moved aside first: for a moment
// nothing has the new name.

extension RemoteFS {
    /// How many names are tried for what is moved aside: others may have left some behind.
    private static let asideAttempts = 16

    /// Does a rename that failed because the server replaces nothing, if that is why.
    ///
    /// To be called while the rename is noted as under way.
    ///
    /// - Returns: why the rename has failed after all; nil if it has been done.
    func renameByMovingAside(_ rename: Rename, after error: SFTPError) async -> SFTPError? {
        guard rename.mayReplace, options.movesAside, !client.extensions.contains(.posixRename),
            error.isUnspecific || error.errno == .EEXIST,
            rename.oldName != rename.newName || rename.oldParent != rename.newParent,
            let kinds = await kinds(of: rename)
        else { return error }
        switch (kinds.old == .directory, kinds.new == .directory) {
        case (false, false): return await replaceFile(rename, after: error)
        case (true, true): return await replaceDirectory(rename, after: error)
        case (true, false), (false, true): return error
        }
    }

    private func kinds(of rename: Rename) async -> (old: FileKind, new: FileKind)? {
        guard let new = try? await paths(of: rename).new,
            let newKind = try? await client.lstat(new).kind,
            let old = try? await paths(of: rename).old,
            let oldKind = try? await client.lstat(old).kind
        else { return nil }
        return (oldKind, newKind)
    }

    /// The paths of both names, once no rename in flight can change them, and of another name beside
    /// the new one.
    private func paths(
        of rename: Rename, aside: FileName = [UInt8(ascii: "-")]
    ) async throws(Errno) -> (old: Bytes, new: Bytes, aside: Bytes) {
        try await settle(rename.oldParent, rename.newParent)
        return (
            old: try settledPath(to: rename.oldName, in: rename.oldParent),
            new: try settledPath(to: rename.newName, in: rename.newParent),
            aside: try settledPath(to: aside, in: rename.newParent)
        )
    }

    private func replaceFile(_ rename: Rename, after error: SFTPError) async -> SFTPError? {
        guard let aside = await moveAside(rename) else { return error }
        do throws(SFTPError) {
            try await renameOnServer(rename)
        } catch {
            await putBack(aside, rename)
            return error
        }
        // The rename is done: what remains is a name too many, at worst.
        guard let path = try? await paths(of: rename, aside: aside).aside,
            (try? await client.remove(path)) != nil
        else {
            options.log("what was replaced is still there, as \"\(escaped(aside, limit: 255))\"")
            return nil
        }
        return nil
    }

    /// - Returns: the name that what is to be replaced has now; nil where it could not be moved.
    private func moveAside(_ rename: Rename) async -> FileName? {
        for _ in 0..<Self.asideAttempts {
            asideCount += 1
            let name = Array(".hawser-replaced-\(options.wallClock())-\(asideCount)".utf8)
            guard let paths = try? await paths(of: rename, aside: name) else { return nil }
            do throws(SFTPError) {
                try await client.rename(from: paths.new, to: paths.aside)
                return name
            } catch {
                guard error.isUnspecific || error.errno == .EEXIST else { return nil }
            }
        }
        return nil
    }

    private func renameOnServer(_ rename: Rename) async throws(SFTPError) {
        guard let paths = try? await paths(of: rename) else {
            throw .status(SFTPStatus(.noSuchFile))
        }
        try await client.rename(from: paths.old, to: paths.new)
    }

    private func putBack(_ aside: FileName, _ rename: Rename) async {
        guard let paths = try? await paths(of: rename, aside: aside),
            (try? await client.rename(from: paths.aside, to: paths.new)) != nil
        else {
            let name = escaped(rename.newName, limit: linuxNameBytes)
            options.log("\"\(name)\" is lost but for \"\(escaped(aside, limit: 255))\" beside it")
            return
        }
    }

    /// Removes an empty directory for another to take its name.
    private func replaceDirectory(_ rename: Rename, after error: SFTPError) async -> SFTPError? {
        do throws(SFTPError) {
            guard let path = try? await paths(of: rename).new else { return error }
            let attributes = try await client.lstat(path)
            guard let path = try? await paths(of: rename).new else { return error }
            // Fails where it is not empty, and so does the rename then.
            try await client.rmdir(path)
            do throws(SFTPError) {
                try await renameOnServer(rename)
            } catch {
                if let path = try? await paths(of: rename).new {
                    let mode = FileAttributes(
                        permissions: attributes.permissions.map { $0 & 0o7777 })
                    try? await client.mkdir(path, attributes: mode)
                }
                throw error
            }
            return nil
        } catch {
            return error
        }
    }
}
