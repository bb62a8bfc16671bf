// SPDX-License-Identifier: Apache-2.0

/// What a file system holds.
public struct FileSystemUsage: Hashable, Sendable {
    /// Files that the kernel holds open.
    public let openFiles: Int
    /// Directories that the kernel holds open.
    public let openDirectories: Int
    /// Nodes: what the kernel knows, or what lies above it.
    public let nodes: Int
    /// Names in listings that are kept.
    public let listedNames: Int
    /// What has been written and the server has not acknowledged.
    public let unwritten: UnwrittenData
}

extension RemoteFS {
    /// What this file system holds now.
    public var usage: FileSystemUsage {
        FileSystemUsage(
            openFiles: files.count, openDirectories: directories.count, nodes: nodes.count,
            listedNames: keptListings.size, unwritten: unwritten)
    }
}
