// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A question to a name server for a host's SSHFP records, and the reading of its replies (RFC 1035, RFC
/// 4255, EDNS0 of RFC 6891).
public struct SSHFPQuery: Sendable {
    /// How large a datagram we say that we take, in bytes: the GNU C library's choice, which fits
    /// into every packet.
    private static let datagramBytes: UInt16 = 1_200
    /// How many aliases lead to the name that has records.
    private static let mostAliases = 16

    private enum RecordType {
        static let alias: UInt16 = 5
        static let edns: UInt16 = 41
        static let sshfp: UInt16 = 44
    }
    private static let internet: UInt16 = 1

    private enum Flag {
        static let isResponse: UInt16 = 0x8000
        static let operation: UInt16 = 0x7800
        static let isTruncated: UInt16 = 0x0200
        static let wantsRecursion: UInt16 = 0x0100
        static let isAuthenticated: UInt16 = 0x0020
        static let code: UInt16 = 0x000F
    }
    /// In EDNS0's flags: that DNSSEC's records are wanted (RFC 3225).
    private static let dnssecOK: UInt16 = 0x8000

    private let name: DNSName
    private let id: UInt16
    private let trustsAD: Bool
    private let usesEDNS: Bool

    /// Asks about a host by its full name; nil where the name cannot be one in the DNS.
    ///
    /// - Parameters:
    ///   - host: the full name.
    ///   - id: a number that nobody can guess.
    ///   - trustsAD: whether the server may say that it has validated its answer.
    ///   - usesEDNS: whether EDNS0 is used, and with it DNSSEC asked for.
    public init?(host: String, id: UInt16, trustsAD: Bool, usesEDNS: Bool) {
        guard let name = DNSName(host) else { return nil }
        self.name = name
        self.id = id
        self.trustsAD = trustsAD
        self.usesEDNS = usesEDNS
    }

    /// The same question from somebody who does not know EDNS0, for servers that do not.
    public func withoutEDNS(id: UInt16) -> SSHFPQuery {
        SSHFPQuery(name: name, id: id, trustsAD: trustsAD, usesEDNS: false)
    }

    private init(name: DNSName, id: UInt16, trustsAD: Bool, usesEDNS: Bool) {
        self.name = name
        self.id = id
        self.trustsAD = trustsAD
        self.usesEDNS = usesEDNS
    }

    /// The message to send.
    public var message: [UInt8] {
        // Whoever sets the bit in a question wants to see it in the answer (RFC 6840 section 5.7).
        let flags = Flag.wantsRecursion | (trustsAD ? Flag.isAuthenticated : 0)
        var fields: [UInt16] = [id, flags, 1, 0, 0, usesEDNS ? 1 : 0]
        var message = Self.bytes(fields) + name.wire
        message += Self.bytes([RecordType.sshfp, Self.internet])
        guard usesEDNS else { return message }
        fields = [RecordType.edns, Self.datagramBytes, 0, Self.dnssecOK, 0]
        return message + [0] + Self.bytes(fields)
    }

    private static func bytes(_ fields: [UInt16]) -> [UInt8] {
        fields.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }
}

extension SSHFPQuery {
    /// What a name server has replied.
    public enum Reply: Equatable, Sendable {
        /// The records; none where there are none, or no such host.
        case records(SSHFPRecords)
        /// The answer is too long for a datagram.
        case truncated
        /// The server does not understand the question, which may be EDNS0's fault.
        case notUnderstood
        /// The server cannot or will not answer; the text says why.
        case failure(String)
    }

    /// Understands a reply; nil for a message that is none to this question, which whoever does not see
    /// the question may have sent.
    public func reply(in message: Bytes) -> Reply? {
        var reader = DNSReader(message)
        guard let header = try? Header(&reader), header.id == id,
            header.flags & Flag.isResponse != 0, header.flags & Flag.operation == 0
        else { return nil }
        let code = header.flags & Flag.code
        // Whoever does not understand a question may be unable to repeat it.
        if code == 1, header.questions == 0 { return usesEDNS ? .notUnderstood : nil }
        guard header.questions == 1, (try? isOurs(&reader)) == true else { return nil }
        if header.flags & Flag.isTruncated != 0 { return .truncated }
        switch code {
        case 0:
            do throws(DNSFault) {
                let records = try readRecords(&reader, count: Int(header.answers))
                let isSecure = trustsAD && header.flags & Flag.isAuthenticated != 0
                return .records(SSHFPRecords(records: records, areSecure: isSecure))
            } catch {
                return .failure("a malformed answer: \(error.reason)")
            }
        case 1: return usesEDNS ? .notUnderstood : .failure("the server does not understand")
        case 2: return .failure("the server has failed")
        case 3: return .records(SSHFPRecords(records: [], areSecure: false))
        case 5: return .failure("the server refuses to answer")
        default: return .failure("the server answers with error \(code)")
        }
    }

    private struct Header {
        let id: UInt16
        let flags: UInt16
        let questions: UInt16
        let answers: UInt16

        init(_ reader: inout DNSReader) throws(DNSFault) {
            id = try reader.readUInt16()
            flags = try reader.readUInt16()
            questions = try reader.readUInt16()
            answers = try reader.readUInt16()
            // Of the sections for authorities and further records nothing is used.
            _ = try reader.readBytes(4)
        }
    }

    private func isOurs(_ reader: inout DNSReader) throws(DNSFault) -> Bool {
        let asked = try reader.readName()
        let (type, kind) = (try reader.readUInt16(), try reader.readUInt16())
        return asked == name && type == RecordType.sshfp && kind == Self.internet
    }

    /// Reads the answers, and keeps those about the name or what it is an alias for.
    private func readRecords(
        _ reader: inout DNSReader, count: Int
    ) throws(DNSFault) -> [SSHFPRecords.Record] {
        var aliases: [(owner: DNSName, target: DNSName)] = []
        var found: [(owner: DNSName, record: SSHFPRecords.Record)] = []
        for _ in 0..<count {
            let owner = try reader.readName()
            let (type, kind) = (try reader.readUInt16(), try reader.readUInt16())
            _ = try reader.readBytes(4)  // how long it may be kept
            let length = Int(try reader.readUInt16())
            let start = reader
            let data = try reader.readBytes(length)
            guard kind == Self.internet else { continue }
            if type == RecordType.alias {
                // The name may lead to what stands before it, so it is not read from its data alone.
                var inner = start
                aliases.append((owner, try inner.readName()))
            } else if type == RecordType.sshfp, data.count > 2 {
                let (algorithm, hash) = (data[data.startIndex], data[data.startIndex + 1])
                found.append(
                    (owner, .init(algorithm: algorithm, hash: hash, digest: data.dropFirst(2))))
            }
        }
        var owner = name
        for _ in 0..<Self.mostAliases {
            guard let alias = aliases.first(where: { $0.owner == owner }) else { break }
            owner = alias.target
        }
        return found.filter { $0.owner == owner }.map(\.record)
    }
}
