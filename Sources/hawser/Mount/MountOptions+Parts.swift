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

    /// Whether a lost connection can be made anew: what others have made for us can't.
    var canReconnect: Bool { reconnects && transport != .standardStreams }

    /// What the file system is to know of them.
    ///
    /// - Parameter root: the remote directory.
    func fileSystemOptions(root: [UInt8]) -> RemoteFSOptions {
        var result = RemoteFSOptions(wallClock: { Int64(time(nil)) }, log: { Log.write($0) })
        result.rootPath = root
        if let validity = caches.attributeTimeout { result.attributeValidity = validity }
        if let validity = caches.nameTimeout { result.nameValidity = validity }
        if let validity = caches.absenceTimeout { result.absenceValidity = validity }
        configure(&result.cache)
        // What is read past the kernel's pages is to be what the server has at that moment.
        result.readsAhead = caches.readsAhead && !caches.usesDirectIO
        result.userID = ownership.userID
        result.groupID = ownership.groupID
        result.umask = ownership.umask
        result.makesHardLinks = makesHardLinks
        result.movesAside = workarounds.movesAside
        result.rewritesToTruncate = workarounds.rewritesToTruncate
        result.avoidsFstat = workarounds.avoidsFstat
        result.createsWithoutMode = workarounds.createsWithoutMode
        result.symlinks.areContained = symlinks.areContained
        result.symlinks.areTransformed = symlinks.areTransformed
        result.symlinks.areFollowed = symlinks.areFollowed
        let isSynchronous = kernelOptions.last { ["sync", "async"].contains($0) } == "sync"
        result.writesThrough =
            caches.writesThrough || caches.usesDirectIO || caches.mode == .strict || isSynchronous
        return result
    }

    private func configure(_ cache: inout MetadataCacheOptions) {
        switch caches.mode {
        case .shared: cache.mode = .shared
        case .strict: cache.mode = .strict
        case .exclusive: cache.mode = .exclusive
        }
        // What the kernel may believe for long, we may, unless it is said.
        let told = max(caches.attributeTimeout ?? .zero, caches.nameTimeout ?? .zero)
        cache.attributeTimeout = caches.statusTimeout ?? max(cache.attributeTimeout, told)
        if let timeout = caches.listingTimeout { cache.listingTimeout = timeout }
        if let timeout = caches.linkTimeout { cache.linkTimeout = timeout }
        if let maximum = caches.maximumEntries { cache.maximumEntries = maximum }
        if caches.readsDirectoriesStepwise {
            cache.listingsAhead = 0
            cache.requestsAhead = 1
        }
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
