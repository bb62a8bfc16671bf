// SPDX-License-Identifier: Apache-2.0

import SFTPClient
public import SFTPProtocol
import Wire

/// What has been written and the server has not acknowledged.
public struct UnwrittenData: Hashable, Sendable {
    /// How many files it belongs to.
    public let files: Int
    /// How many bytes it is.
    public let bytes: Int

    /// Describes an amount of data.
    public init(files: Int, bytes: Int) {
        self.files = files
        self.bytes = bytes
    }
}

/// A file whose data can't be put on the server's stable storage.
public struct FlushFailure: Hashable, Sendable, CustomStringConvertible {
    /// Its name, fit to be shown.
    public let name: String
    /// Why.
    public let error: Errno

    /// One line for the user.
    public var description: String { "\(name): \(error.text ?? "error \(error.rawValue)")" }
}

extension RemoteFS {
    /// Waits until everything that programs have written to files that are open is on the server's
    /// stable storage, as far as the server can promise that.
    ///
    /// - Returns: the files of which that can't be said.
    public func flush() async -> [FlushFailure] {
        var failures: [FlushFailure] = []
        for handle in files.ids(where: { $0.access.contains(.write) }) {
            do throws(Errno) {
                try await fsync(handle)
            } catch {
                // What has been closed meanwhile was told of its fate then.
                guard let file = files[handle] else { continue }
                failures.append(FlushFailure(name: shownName(of: file.inode), error: error))
            }
        }
        return failures
    }

    /// The path of a file, fit to be shown.
    func shownName(of inode: InodeNumber) -> String {
        guard let names = nodes.names(to: inode) else { return "a removed file" }
        return escaped(Array(names.joined(separator: [UInt8(ascii: "/")]))[...], limit: 4096)
    }
}
