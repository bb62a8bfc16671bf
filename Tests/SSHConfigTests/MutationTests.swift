// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import Testing

/// Texts with changed, missing and doubled bytes: the answer may be an error, but there is one.
@Suite struct MutationTests {
    private static let configuration = """
        # comment
        Include /inc*
        Host a "b c" !d *.example.org
            HostName "%h.example.com"
            User = bob
            Port 2222
            IdentityFile ~/.ssh/%h-%r-${FOO}
            Ciphers ^aes*,-x
            RekeyLimit 1.5G 1h30m
            IPQoS af21 0x10
            SendEnv LANG -L*
            SetEnv A="b c" D=e\\ f
        Match all
            ProxyJump none
            UserKnownHostsFile ~/a ~other/b
            ConnectTimeout 1w2d
            IgnoreUnknown x*,y?
            Xyz 1
        """
    private static let knownHosts = """
        # comment
        example.com,*.org,!bad \(KnownHostsTests.text(1)) comment
        @revoked * \(KnownHostsTests.text(2))
        @cert-authority [example.com]:2222 \(KnownHostsTests.text(3))
        |1|\(String(repeating: "A", count: 27))=|\(String(repeating: "A", count: 27))= \(KnownHostsTests.text(4))
        """

    private static func mutate(_ text: String, _ numbers: inout Numbers) -> [UInt8] {
        let special = Array("\"'\\#=%$~{}!*?,|@[]: \t\r\n\u{0}\u{0C}0a".utf8) + [0x80, 0xC3, 0xFF]
        var bytes = Array(text.utf8)
        for _ in 0...numbers.next(below: 4) where !bytes.isEmpty {
            let place = numbers.next(below: bytes.count)
            switch numbers.next(below: 5) {
            case 0: bytes[place] = special[numbers.next(below: special.count)]
            case 1: bytes.insert(special[numbers.next(below: special.count)], at: place)
            case 2: bytes.remove(at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + numbers.next(below: 30)))
            default: bytes[place] ^= 1 << UInt8(numbers.next(below: 8))
            }
        }
        return bytes
    }

    @Test func everyConfigurationHasAnAnswer() {
        var numbers = Numbers(state: 1)
        var resolved = 0
        for _ in 0..<2_000 {
            let text = Self.mutate(Self.configuration, &numbers)
            var local = ConfigurationTests.machine(environment: ["FOO": "foo"])
            local.readFile = { $0.path == "/c" ? .bytes(text[...]) : .missing }
            let configuration = SSHConfiguration(files: .only("/c"), local: local)
            if (try? configuration.resolve(host: "a")) != nil { resolved += 1 }
        }
        #expect((200..<1_950).contains(resolved), "\(resolved)")
    }

    @Test func everyKnownHostsFileHasAnAnswer() throws {
        var numbers = Numbers(state: 2)
        var matches = 0
        for _ in 0..<2_000 {
            var known = KnownHosts(for: KnownHostName(host: "example.com", port: 22))
            try known.add(Self.mutate(Self.knownHosts, &numbers)[...], file: "known")
            if case .match = known.verdict(on: KnownHostsTests.key(1)[...]) { matches += 1 }
        }
        #expect((200..<1_950).contains(matches), "\(matches)")
    }

    @Test func everyTruncationHasAnAnswer() throws {
        let text = Array(Self.configuration.utf8)
        for count in 0...text.count {
            var local = ConfigurationTests.machine(environment: ["FOO": "foo"])
            local.readFile = { $0.path == "/c" ? .bytes(text[..<count]) : .missing }
            _ = try? SSHConfiguration(files: .only("/c"), local: local).resolve(host: "a")
        }
        let known = Array(Self.knownHosts.utf8)
        for count in 0...known.count {
            var hosts = KnownHosts(for: KnownHostName(host: "example.com", port: 2222))
            try hosts.add(known[..<count], file: "known")
            #expect(hosts.verdict(on: KnownHostsTests.key(9)[...]) == .unknown)
        }
    }
}
