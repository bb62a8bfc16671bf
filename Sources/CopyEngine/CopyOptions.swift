// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What a copy is to do beyond copying.
public struct CopyOptions: Sendable {
    /// What a copy can have of its source besides the content.
    public enum Preserved: String, CaseIterable, Sendable {
        /// The permissions, without set-user-ID and the like.
        case mode
        /// The times of access and modification, in whole seconds.
        case times
        /// The same, as exactly as both sides can.
        case nanoseconds
        /// The numbers of owner and group.
        case owner
    }

    /// When a target that is there already is left as it is.
    public enum Skipping: Sendable {
        /// Never.
        case nothing
        /// If it is there at all.
        case existing
        /// If it is as new as the source, or newer.
        case newer
        /// If it has the size of the source.
        case sameSize
        /// If it has the content of the source.
        case sameContent
    }

    /// Whether directories are copied, with all that is in them.
    public var isRecursive = false
    /// What is taken over from the source besides the content.
    public var preserved: Set<Preserved> = []
    /// Whether files that are one in the source become one again.
    public var keepsHardLinks = false
    /// Whether what the source does not have is removed from the directories that are copied.
    public var deletes = false
    /// Whether to tell what would be done, and do none of it.
    public var isDry = false
    /// Whether symbolic links in directories are copied as links, rather than what they lead to.
    public var keepsLinks = false
    /// Whether files are always written where they are, never beside it.
    public var writesInPlace = false
    /// Whether to go on with what an earlier copy has left.
    public var resumes = false
    /// Whether what was written is read back and compared with the source.
    public var verifies = false
    /// Which targets are left alone.
    public var skipping = Skipping.nothing
    /// The most bytes copied in a second; nil for as many as can be.
    public var bytesPerSecond: UInt64?
    /// The size of a read; nil for the most that a side takes.
    public var chunkBytes: Int?
    /// How far from the end of a part something may be missing: as much as may have been on its way when
    /// a copy ended, of which the last can have arrived without the first.
    public var doubtfulBytes = CopyLimits.bytesUnderWayPerFile
    /// The randomness in the names of parts.
    public var random: @Sendable () -> UInt32

    /// The defaults.
    public init(random: @escaping @Sendable () -> UInt32) {
        self.random = random
    }
}

/// The limits that a copy sets itself.
public enum CopyLimits {
    /// How many files are copied at once: as many as hide a round trip of 50 ms behind small files, and
    /// well below the handles that OpenSSH's server has (its `limits@openssh.com` says some 1000).
    public static let files = 64
    /// How many directories are listed at once.
    public static let folders = 16
    /// How many directories wait for their turn: each takes some hundred bytes.
    static let waitingFolders = 4096
    /// How deep directories may lie: twice scp's limit.
    public static let depth = 128
    /// How many entries a directory may have: of each a number is kept, to find those that come twice.
    public static let entries = 4 << 20
    /// How many entries of a directory may have names that are none or come twice before the rest of it is
    /// not listened to: such a listing need not have an end.
    static let badEntries = 1000
    /// Of how many entries of a target directory is kept what they are; where there are more, each is asked
    /// for by itself.
    static let knownEntries = 200_000
    /// The most bytes that have been asked for and not yet been written, of all files together.
    public static let bytesUnderWay = 32 << 20
    /// The same of one file: what OpenSSH lets the other side of an SSH channel send unasked.
    public static let bytesUnderWayPerFile = 16 << 20
    /// How much of one file is asked for ahead, in bytes, at first and at most: where 8 MiB were, over 50 ms,
    /// OpenSSH's server sent next to nothing for seconds while they began.
    static let (firstReadWindow, largestReadWindow) = (1 << 20, 5 << 20)
    /// How much a side copies by itself before it is asked for more, in bytes: nothing else goes on meanwhile.
    static let directStep: UInt64 = 64 << 20
    /// The fewest zeros that are left out, in bytes: the size of a block of most file systems.
    static let leastHole = 4096
    /// The least that is read at once where the rate is limited, in bytes.
    static let slowestChunk: UInt64 = 1024
    /// How often a thing is tried while the connection is lost each time.
    static let attempts = 5
    /// The least that is kept of a file that is not whole, in bytes: less is sooner copied than found.
    static let leastPart: UInt64 = 64 << 10
    /// How much has to be the source's, at least, before the rest of it is added to a part, in bytes.
    static let leastCommon: UInt64 = 256 << 10
    /// The longest name that Linux's file systems take, in bytes.
    static let nameBytes = 255
}

/// What is copied, or where to: a path on a side.
public struct CopyOperand: Sendable {
    /// The side.
    public let store: any FileStore
    /// The path on it.
    public let path: Bytes
    /// What stands in front of its paths in messages, such as `host:`.
    public let label: String

    /// A path on a side.
    public init(store: any FileStore, path: Bytes, label: String = "") {
        self.store = store
        self.path = path
        self.label = label
    }
}

/// How far a copy is.
public struct CopyProgress: Sendable {
    /// How many files have been found so far.
    public internal(set) var filesFound = 0
    /// How many have been copied.
    public internal(set) var filesDone = 0
    /// How many things were removed.
    public internal(set) var removed = 0
    /// How many were left alone as they are.
    public internal(set) var filesSkipped = 0
    /// The bytes of the files found so far, as far as they are known.
    public internal(set) var bytesFound: UInt64 = 0
    /// The bytes written.
    public internal(set) var bytesDone: UInt64 = 0
    /// How many files have parts that a copy with ``CopyOptions/resumes`` can go on with.
    public internal(set) var partsLeft = 0
    /// Whether the target is a copy of a directory that was not there before: the same copy once more
    /// would go into it.
    public internal(set) var makesTarget = false
    /// How many things could not be copied.
    public internal(set) var problems = 0
    /// The path of a file that is being copied.
    public internal(set) var current: Bytes = []

    /// Adds the size of a file, which may be any number: it is the server's.
    mutating func addFound(_ bytes: UInt64) {
        let (sum, isTooLarge) = bytesFound.addingReportingOverflow(bytes)
        bytesFound = isTooLarge ? .max : sum
    }
}

/// Who is told of what happens; on the loop.
public protocol CopyObserver: Sendable {
    /// Something could not be copied.
    ///
    /// - Parameters:
    ///   - path: a path, fit to be shown.
    ///   - reason: why, fit to be shown.
    func failed(_ path: String, _ reason: String)

    /// Something was copied that the user should look at.
    func note(_ path: String, _ text: String)

    /// A file has been copied.
    func copied(_ path: String, bytes: UInt64)

    /// Something has been removed, or would be.
    func removed(_ path: String)

    /// A file or directory would have been made or written.
    func planned(_ path: String)
}
