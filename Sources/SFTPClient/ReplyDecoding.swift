// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// What a request's reply must look like, and what it tells the caller.
///
/// A STATUS other than OK may answer every request, and is thrown as it is; a reply that cannot answer
/// the request is thrown as ``SFTPError/protocolViolation(reason:)``.
enum ReplyDecoding {
    /// - Parameter payloadBytes: what the request carries or asks for.
    typealias Decoder<Value> = @Sendable (SFTPReply, _ payloadBytes: Int) throws(SFTPError) -> Value

    /// STATUS OK.
    @Sendable static func done(_ reply: SFTPReply, _: Int) throws(SFTPError) {
        guard case .status(let status) = reply, status.code == .ok else {
            throw refusal(reply, wanted: "STATUS")
        }
    }

    /// HANDLE, on the connection of a generation.
    static func handle(generation: UInt64) -> Decoder<SFTPHandle> {
        { reply, _ throws(SFTPError) in
            guard case .handle(let bytes) = reply else { throw refusal(reply, wanted: "HANDLE") }
            guard bytes.count <= SFTPHandle.maxBytes else {
                throw .protocolViolation(reason: "a handle of \(bytes.count) bytes")
            }
            return SFTPHandle(bytes, generation: generation)
        }
    }

    /// DATA, or nil for the end of the file.
    @Sendable static func data(
        _ reply: SFTPReply, _ asked: Int
    ) throws(SFTPError) -> [Bytes]? {
        switch reply {
        case .data(let pieces):
            let count = pieces.byteCount
            guard count <= asked else {
                throw .protocolViolation(
                    reason: "\(count) bytes of data where \(asked) were asked for")
            }
            return pieces
        case .status(let status) where status.code == .eof: return nil
        default: throw refusal(reply, wanted: "DATA")
        }
    }

    /// NAME, or nil for the end of the directory.
    @Sendable static func entries(
        _ reply: SFTPReply, _: Int
    ) throws(SFTPError) -> [NameEntry]? {
        switch reply {
        // An empty one is taken as the end, as OpenSSH does: asking on could go on for ever.
        case .name(let entries): return entries.isEmpty ? nil : entries
        case .status(let status) where status.code == .eof: return nil
        default: throw refusal(reply, wanted: "NAME")
        }
    }

    /// NAME with one path in it.
    @Sendable static func path(_ reply: SFTPReply, _: Int) throws(SFTPError) -> Bytes {
        guard case .name(let entries) = reply else { throw refusal(reply, wanted: "NAME") }
        guard entries.count == 1 else {
            throw .protocolViolation(reason: "\(entries.count) paths where one was asked for")
        }
        return entries[0].filename
    }

    /// ATTRS.
    @Sendable static func attributes(
        _ reply: SFTPReply, _: Int
    ) throws(SFTPError) -> FileAttributes {
        guard case .attributes(let attributes) = reply else {
            throw refusal(reply, wanted: "ATTRS")
        }
        return attributes
    }

    /// EXTENDED_REPLY in the form of statvfs@openssh.com.
    @Sendable static func statistics(
        _ reply: SFTPReply, _: Int
    ) throws(SFTPError) -> FileSystemStatistics {
        try extended(reply) { body throws(WireError) in try FileSystemStatistics(decoding: body) }
    }

    /// EXTENDED_REPLY in the form of limits@openssh.com.
    @Sendable static func limits(_ reply: SFTPReply, _: Int) throws(SFTPError) -> ServerLimits {
        try extended(reply) { body throws(WireError) in try ServerLimits(decoding: body) }
    }

    /// EXTENDED_REPLY in the form of users-groups-by-id@openssh.com.
    @Sendable static func names(_ reply: SFTPReply, _: Int) throws(SFTPError) -> UserGroupNames {
        try extended(reply) { body throws(WireError) in try UserGroupNames(decoding: body) }
    }

    private static func extended<Value>(
        _ reply: SFTPReply, _ decode: (Bytes) throws(WireError) -> Value
    ) throws(SFTPError) -> Value {
        guard case .extended(let body) = reply else {
            throw refusal(reply, wanted: "EXTENDED_REPLY")
        }
        do {
            return try decode(body)
        } catch {
            throw .protocolViolation(reason: "EXTENDED_REPLY: \(error)")
        }
    }

    private static func refusal(_ reply: SFTPReply, wanted: String) -> SFTPError {
        switch reply {
        case .status(let status) where status.code != .ok: .status(status)
        case .status: .protocolViolation(reason: "STATUS OK where \(wanted) was expected")
        case .handle: .protocolViolation(reason: "HANDLE where \(wanted) was expected")
        case .data: .protocolViolation(reason: "DATA where \(wanted) was expected")
        case .name: .protocolViolation(reason: "NAME where \(wanted) was expected")
        case .attributes: .protocolViolation(reason: "ATTRS where \(wanted) was expected")
        case .extended: .protocolViolation(reason: "EXTENDED_REPLY where \(wanted) was expected")
        }
    }
}

extension [Bytes] {
    /// The bytes in all pieces.
    package var byteCount: Int { reduce(0) { $0 + $1.count } }
}
