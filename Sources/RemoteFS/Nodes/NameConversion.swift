// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// How names are written here, where the server writes them in another code.
///
/// Both functions are called for each name of a path, and for whole targets of links.
public struct NameConversion: Sendable {
    /// What stands here for a name of the server's; nil where nothing can.
    public let shown: @Sendable ([UInt8]) -> [UInt8]?
    /// What stands on the server for a name of ours; nil where nothing can.
    public let sent: @Sendable ([UInt8]) -> [UInt8]?

    /// A conversion and its contrary.
    public init(
        shown: @escaping @Sendable ([UInt8]) -> [UInt8]?,
        sent: @escaping @Sendable ([UInt8]) -> [UInt8]?
    ) {
        self.shown = shown
        self.sent = sent
    }
}

extension RemoteFSOptions {
    /// A name as the server writes it.
    ///
    /// - Throws: `EILSEQ` where it can't be written there.
    func sent(_ name: FileName) throws(Errno) -> FileName {
        guard let nameConversion else { return name }
        // What isn't a name any more would lead elsewhere.
        guard let sent = nameConversion.sent(name), isSafeComponent(sent[...]) else {
            throw .EILSEQ
        }
        return sent
    }

    /// A name of the server's as it is shown; nil where it can't be.
    func shown(_ name: FileName) -> FileName? {
        guard let nameConversion else { return name }
        return nameConversion.shown(name).flatMap { isSafeComponent($0[...]) ? $0 : nil }
    }

    /// A link's target as the server writes it.
    ///
    /// - Throws: `EILSEQ` where it can't be written there.
    func sent(target: [UInt8]) throws(Errno) -> [UInt8] {
        guard let nameConversion else { return target }
        guard let sent = nameConversion.sent(target) else { throw .EILSEQ }
        return sent
    }

    /// A link's target as it is shown.
    ///
    /// - Throws: `EILSEQ` where it can't be.
    func shown(target: [UInt8]) throws(Errno) -> [UInt8] {
        guard let nameConversion else { return target }
        guard let shown = nameConversion.shown(target) else { throw .EILSEQ }
        return shown
    }
}
