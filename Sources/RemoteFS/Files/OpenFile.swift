// SPDX-License-Identifier: Apache-2.0

import SFTPClient
import SFTPProtocol

/// A file that the kernel holds open.
///
/// The server's handle is one part of it, which it may lose and get anew.
struct OpenFile {
    let inode: InodeNumber
    /// What may be done with it: read, write, append.
    ///
    /// Never what an open does only once: create, truncate, exclusive.
    let access: OpenFlags
    /// The server's handle, which may be of a connection that is lost.
    var server: SFTPHandle?
    /// What has been read of it ahead of its readers.
    var small: SmallFileRead?
    /// Whether it is being opened again.
    var isReopening = false
    /// Whether it can't be had again: another file has its path, or none.
    var isStale = false
    /// What is read of it before programs ask for it; nil until they read.
    var ahead: ReadAhead?
    /// How many failures the file had had when it was opened.
    var failuresAtOpening = 0
    /// How many of them its holder has been told of by writes.
    var failuresMet = 0
    /// How many of them its holder has been told of by fsync or close.
    var failuresSeen = 0

    init(inode: InodeNumber, flags: OpenFlags, server: SFTPHandle) {
        self.inode = inode
        self.access = flags.intersection([.read, .write, .append])
        self.server = server
    }
}

/// What a write is, which decides where its data belong and whether it may be cut short.
public enum WriteKind: Sendable {
    /// A write(2): at the end of a file that was opened to append, and at its offset otherwise.
    case asOpened
    /// A write(2) at its offset although the file was opened to append: fcntl(2) has cleared
    /// `O_APPEND`.
    case inPlace
    /// Pages of a mapping, which the kernel writes back at their offset through any handle that may
    /// write. It does not look at how much of them was written.
    case pages
}

/// A file that has just been opened.
public struct OpenedFile: Hashable, Sendable {
    /// The handle for all that follows.
    public var handle: HandleID
    /// Whether the pages that the kernel has of the file still show it.
    public var keepsPages: Bool
    /// Whether it has to be read past the kernel's pages, which end where its size does.
    public var bypassesPages = false
    /// Whether closing it has something to tell: never where it can only be read.
    public var needsFlush = true
}
