// SPDX-License-Identifier: Apache-2.0

import SFTPClient
import SFTPProtocol

// Writing at an offset of a file that is open to append: to the handle that the server has given for that, the
// offset means nothing. So the file has a second handle, which does not append.

extension RemoteFS {
    /// The server's handle to write in place to a file that is open to append: one for all who have it open.
    ///
    /// Opened when it is first needed, by the path that the file has then.
    func handleInPlace(beside handle: HandleID) async throws(Errno) -> SFTPHandle {
        let (file, _) = try await openFile(handle)
        if let known = currentHandleInPlace(of: file.inode) { return known }
        let path = try await path(to: file.inode)
        let opening = try start(opening: path, .write, witness: currentHandle(of: file.inode))
        let (opened, attributes): (SFTPHandle, FileAttributes?)
        switch await finish(opening) {
        case .success(let result): (opened, attributes) = result
        case .failure(let error):
            throw await reasonOfFailedOpen(error, of: file.inode, flags: .write)
        }
        var isSame = false
        if let attributes {
            isSame = await !isOfAnotherFile(opening, attributes, of: file.inode)
        }
        // Another write may have opened one meanwhile. The file itself stays open while pages of it
        // are written back.
        let known = currentHandleInPlace(of: file.inode)
        guard isSame, known == nil, files[handle] != nil else {
            await client.startClose(opened)
            guard let known else { throw .ESTALE }
            return known
        }
        nodes[file.inode]?.makeDetails().inPlace = opened
        return opened
    }

    private func currentHandleInPlace(of inode: InodeNumber) -> SFTPHandle? {
        nodes[inode]?.details?.inPlace.flatMap { isCurrent($0) ? $0 : nil }
    }

    /// Has what is open to append ready to be written in place, before it loses the name that it could
    /// be opened by: pages of a mapping may be written back long after that.
    func prepareToLose(_ name: FileName, in parent: InodeNumber) async {
        // Some servers don't remove what is open.
        closeAhead(name, in: parent)
        guard let inode = nodes.inode(named: name, in: parent),
            let appender = files.ids(where: {
                $0.inode == inode && !$0.isStale && $0.access.contains(.append)
            }).first
        else { return }
        // Where it can't be had, such a write fails; that is no reason to keep the name.
        _ = try? await handleInPlace(beside: appender)
    }
}
