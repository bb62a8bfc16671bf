// SPDX-License-Identifier: Apache-2.0

import FuseBridge
import Glibc
import MountOptions
import RemoteFS

extension MountOptions {
    /// The directory on the server that is mounted; empty for the login directory.
    var remoteDirectory: String {
        guard let below = names.subdirectory else { return source.directory }
        var path = source.directory
        if !path.isEmpty, !path.hasSuffix("/") { path += "/" }
        return path + below.drop { $0 == "/" }
    }

    /// What the file system is to know of them.
    ///
    /// - Parameter root: the remote directory.
    func fileSystemOptions(root: [UInt8]) -> RemoteFSOptions {
        var result = RemoteFSOptions(wallClock: { Int64(time(nil)) }, log: { Log.write($0) })
        result.rootPath = root
        if let validity = caches.attributeTimeout { result.attributeValidity = validity }
        if let validity = caches.nameTimeout { result.nameValidity = validity }
        if let validity = caches.absenceTimeout { result.absenceValidity = validity }
        if let timeout = caches.statusTimeout { result.cache.attributeTimeout = timeout }
        if let timeout = caches.listingTimeout { result.cache.listingTimeout = timeout }
        if let timeout = caches.linkTimeout { result.cache.linkTimeout = timeout }
        if let maximum = caches.maximumEntries { result.cache.maximumEntries = maximum }
        switch caches.mode {
        case .shared: result.cache.mode = .shared
        case .strict: result.cache.mode = .strict
        case .exclusive: result.cache.mode = .exclusive
        }
        result.userID = ownership.userID
        result.groupID = ownership.groupID
        result.umask = ownership.umask
        result.makesHardLinks = makesHardLinks
        result.containsSymlinks = symlinks.areContained
        return result
    }

    /// What the kernel is to be asked for.
    var bridgeOptions: FuseBridgeOptions {
        var result = FuseBridgeOptions()
        if caches.usesDirectIO {
            result.pages = .none
        } else {
            switch caches.pages {
            case .keptIfUnchanged: result.pages = .keptIfUnchanged
            case .kept: result.pages = .kept
            case .dropped: result.pages = .dropped
            }
        }
        if let maximumRead { result.maximumRead = maximumRead }
        if let maximumWrite { result.maximumWrite = maximumWrite }
        return result
    }

    /// What libfuse is to know of them.
    var libfuseOptions: [String] {
        ["fsname=\(sourceName ?? source.text)", "subtype=\(typeName)"] + kernelOptions
    }
}
