// SPDX-License-Identifier: Apache-2.0

/// What the kernel is asked for.
public struct FuseBridgeOptions: Hashable, Sendable {
    /// What the kernel does with pages of a file that it has when the file is opened again.
    public enum Pages: Hashable, Sendable {
        /// It keeps them if they still show the file.
        case keptIfUnchanged
        /// It keeps them, whatever has become of the file.
        case kept
        /// It drops them.
        case dropped
        /// It never has any: reads and writes go past them.
        case none
    }

    /// The largest read or write in one request, in bytes: libfuse 3.14's own limit.
    static let requestBytes: UInt32 = 1 << 20
    /// The smallest limit on them that the kernel takes.
    static let smallestRequestBytes: UInt32 = 4096

    /// What is done with the kernel's pages.
    public var pages = Pages.keptIfUnchanged
    /// The largest read in one request, in bytes; what is out of bounds becomes the nearest that is
    /// not.
    public var maximumRead = Self.requestBytes {
        didSet { maximumRead = Self.clamp(maximumRead) }
    }
    /// The largest write in one request, likewise.
    public var maximumWrite = Self.requestBytes {
        didSet { maximumWrite = Self.clamp(maximumWrite) }
    }

    /// The defaults.
    public init() {}

    private static func clamp(_ bytes: UInt32) -> UInt32 {
        min(max(bytes, smallestRequestBytes), requestBytes)
    }
}
