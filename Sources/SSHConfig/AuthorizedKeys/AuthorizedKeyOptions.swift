// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
import Wire

/// What stands before a key in an authorized_keys file: when, and from where, it may be used.
public struct AuthorizedKeyOptions: Sendable {
    /// The patterns and ranges of `from=`; nil for anywhere.
    private var sources: [Source]?
    /// All of `expiry-time=`.
    private var expiries: [Expiry] = []
    /// Whether the key signs certificates, and lets nobody in by itself.
    var isAuthority = false
    /// `principals=`: one of these has to be among a certificate's; nil for the user's name.
    private var principals: [String]?
    /// Whether `command=` asks for something else than files.
    private var runsCommand = false

    /// Who wants in, and when.
    public struct Client: Sendable {
        /// The client's address, of 4 or 16 bytes.
        public var address: [UInt8]
        /// The same as text.
        public var addressText: String
        /// The present.
        public var now: CalendarTime
        /// The same in seconds since 1970.
        public var seconds: UInt64
        /// The present as the local calendar has it.
        public var localNow: CalendarTime

        /// Describes a client.
        public init(
            address: [UInt8], addressText: String, now: CalendarTime, localNow: CalendarTime,
            seconds: UInt64
        ) {
            self.seconds = seconds
            self.address = address
            self.addressText = addressText
            self.now = now
            self.localNow = localNow
        }
    }

    /// Why a line does not let a client in.
    public enum Refusal: Equatable, Sendable {
        /// `from=` does not name its address.
        case address
        /// `expiry-time=` is over.
        case expired
        /// `cert-authority`: the key is there to sign certificates.
        case authority
        /// The line is for a key, and the certificate that it has signed for nobody.
        case noAuthority
        /// The certificate does not let this user in now.
        case certificate(CertificateFault)
        /// `command=`: the key is there to run something, and nothing is run here.
        case command
    }

    /// No options.
    init() {}

    /// Takes the options off a line; what is left begins with the key.
    init(takenFrom line: inout Bytes) throws(LineFault) {
        while true {
            let name = line.prefix(while: Self.isName)
            line = line.dropFirst(name.count)
            var value: String?
            if line.first == UInt8(ascii: "=") {
                line = line.dropFirst()
                value = try Self.takeQuoted(&line)
            }
            try set(String(decoding: name, as: UTF8.self).lowercased(), value)
            guard let end = line.popFirst() else { throw LineFault(reason: "no key") }
            if isBlank(end) { return }
            guard end == UInt8(ascii: ",") else { throw LineFault(reason: "malformed options") }
        }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Takes a value in double quotes, in which `\"` stands for one.
    private static func takeQuoted(_ line: inout Bytes) throws(LineFault) -> String {
        guard line.popFirst() == UInt8(ascii: "\"") else {
            throw LineFault(reason: "an option's value without quotes")
        }
        var value: [UInt8] = []
        while let byte = line.popFirst() {
            if byte == UInt8(ascii: "\"") { return String(decoding: value, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), line.first == UInt8(ascii: "\"") {
                line = line.dropFirst()
                value.append(UInt8(ascii: "\""))
            } else {
                value.append(byte)
            }
        }
        throw LineFault(reason: "a quote without its end")
    }

    private mutating func set(_ name: String, _ value: String?) throws(LineFault) {
        switch (name, value) {
        case ("restrict", nil), ("pty", nil), ("no-pty", nil), ("user-rc", nil),
            ("no-user-rc", nil), ("port-forwarding", nil), ("no-port-forwarding", nil),
            ("agent-forwarding", nil), ("no-agent-forwarding", nil), ("x11-forwarding", nil),
            ("no-x11-forwarding", nil), ("permitopen", .some), ("permitlisten", .some),
            ("tunnel", .some), ("environment", .some):
            // All of it is about what there is not: files are all that is served.
            break
        case ("cert-authority", nil): isAuthority = true
        case ("principals", .some(let list)):
            guard principals == nil else {
                throw LineFault(reason: "principals= stands there twice")
            }
            principals = list.split(separator: ",").map(String.init)
        case ("command", .some(let command)): runsCommand = command != Self.ownCommand
        case ("from", .some(let list)):
            guard sources == nil else { throw LineFault(reason: "from= stands there twice") }
            sources = list.split(separator: ",", omittingEmptySubsequences: false).map(Source.init)
        case ("expiry-time", .some(let text)):
            guard let time = Expiry(text) else { throw LineFault(reason: "not a time: \(text)") }
            expiries.append(time)
        default: throw LineFault(reason: "an unknown option: \(name)")
        }
    }

    /// The command by which sshd's users ask for what is served here anyway.
    static let ownCommand = "internal-sftp"

    /// Why a client with the line's key is not let in; nil where it is.
    func refusal(of client: Client) -> Refusal? {
        isAuthority ? .authority : refusalByConditions(of: client)
    }

    /// Why a client with a certificate that the line's key has signed is not let in; nil where it is.
    func refusal(
        of client: Client, with certificate: Certificate, for user: String
    ) -> Refusal? {
        guard isAuthority else { return .noAuthority }
        if let refusal = refusalByConditions(of: client) { return refusal }
        return certificate.refusal(of: client, as: principals ?? [user])
    }

    private func refusalByConditions(of client: Client) -> Refusal? {
        if runsCommand { return .command }
        if expiries.contains(where: { $0.isOver(client) }) { return .expired }
        if let sources, !sources.allow(client) { return .address }
        return nil
    }
}

/// One part of `from=`.
private struct Source: Sendable {
    let pattern: Pattern
    let range: AddressRange?

    init(_ text: Substring) {
        pattern = Pattern(text)
        range = AddressRange(String(text.hasPrefix("!") ? text.dropFirst() : text))
    }

    func matches(_ client: AuthorizedKeyOptions.Client) -> Bool {
        pattern.matches(Array(client.addressText.utf8)) || range?.contains(client.address) == true
    }
}

extension [Source] {
    /// Whether one names the client, and no negated one does.
    fileprivate func allow(_ client: AuthorizedKeyOptions.Client) -> Bool {
        let matching = filter { $0.matches(client) }
        return !matching.isEmpty && !matching.contains { $0.pattern.isNegated }
    }
}

/// `expiry-time=`: `YYYYMMDD[HHMM[SS]]`, local time or, with a `Z` behind it, UTC.
private struct Expiry: Sendable {
    let time: CalendarTime
    let isUTC: Bool

    init?(_ text: String) {
        isUTC = text.hasSuffix("Z")
        guard let time = CalendarTime(text: isUTC ? text.dropLast() : text[...]) else { return nil }
        self.time = time
    }

    func isOver(_ client: AuthorizedKeyOptions.Client) -> Bool {
        time < (isUTC ? client.now : client.localNow)
    }
}
