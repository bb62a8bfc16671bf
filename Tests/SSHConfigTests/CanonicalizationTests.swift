// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import SSHConfig

/// Host names that become canonical, by a resolver in memory.
@Suite struct CanonicalizationTests {
    /// Hosts that exist, and what they are aliases for.
    private static let zone: [String: String?] = [
        "server.example.com.": nil, "www.example.com.": "web7.cdn.example.net",
        "server.example.org.": nil, "a.b.example.com.": nil, "full.name.": nil,
        "evil.example.com.": "x;reboot", "plain": "real.example.com",
    ]

    private static func resolve(
        _ text: String, host: String
    ) throws(SSHConfigError) -> ClientOptions {
        var local = ConfigurationTests.machine(["/c": text])
        local.numericAddress = { $0 == "127.1" ? "127.0.0.1" : $0 == "::AB" ? "::ab" : nil }
        local.lookUp = { name, _ in
            zone[name].map { HostLookup(canonicalName: $0 ?? String(name.dropLast())) }
        }
        return try SSHConfiguration(files: .only("/c"), local: local).effective(host: host).options
    }

    private static let domains =
        "CanonicalizeHostname yes\nCanonicalDomains example.com example.org"

    @Test(arguments: [
        ("server", "server.example.com"), ("SERVER", "server.example.com"), ("other", "other"),
        ("a.b", "a.b.example.com"), ("a.b.c", "a.b.c"), ("full.name.", "full.name"),
        ("none.name.", "none.name."), ("127.1", "127.0.0.1"), ("1.2", "1.2"),
        ("fe80::%x", "fe80::%x"),
        ("::AB", "::AB"), ("www", "www.example.com"),
    ])
    func findsNamesInTheDomains(host: String, canonical: String) throws {
        #expect(try Self.resolve(Self.domains, host: host).hostName == canonical)
    }

    @Test(arguments: [
        ("*:*", "web7.cdn.example.net"), ("*.example.com:*.example.net", "web7.cdn.example.net"),
        ("*.example.com:*.org", "www.example.com"), ("x.*:*", "www.example.com"),
        ("x:y *.COM:*.NET", "web7.cdn.example.net"), ("none", "www.example.com"),
    ])
    func followsAliasesByTheRules(rules: String, canonical: String) throws {
        let text = Self.domains + "\nCanonicalizePermittedCNAMEs " + rules
        #expect(try Self.resolve(text, host: "www").hostName == canonical)
    }

    @Test func followsAliasesOfNamesThatAreInNoDomain() throws {
        let text = "CanonicalizeHostname yes\nCanonicalizePermittedCNAMEs *:*"
        #expect(try Self.resolve(text, host: "plain").hostName == "real.example.com")
    }

    @Test func refusesAliasesThatCouldBeSomethingElse() {
        let text = Self.domains + "\nCanonicalizePermittedCNAMEs *:*"
        let error = #expect(throws: SSHConfigError.self) { try Self.resolve(text, host: "evil") }
        #expect(error?.code == .invalidName)
    }

    @Test func namesThatMustBeInADomain() throws {
        let text = Self.domains + "\nCanonicalizeFallbackLocal no"
        let error = #expect(throws: SSHConfigError.self) { try Self.resolve(text, host: "other") }
        #expect(error?.code == .unknownHost)
        #expect(try Self.resolve(text, host: "server").hostName == "server.example.com")
        #expect(try Self.resolve(text, host: "a.b.c").hostName == "a.b.c")
    }

    @Test(arguments: [
        ("CanonicalizeHostname no", "server"), ("CanonicalizeMaxDots 0", "server.example.com"),
        ("ProxyJump gate", "server"), ("ProxyCommand nc %h", "server"),
        ("ProxyCommand none", "server.example.com"),
        ("ProxyJump gate\nCanonicalizeHostname always", "server.example.com"),
    ])
    func whenNamesAreLookedUp(text: String, canonical: String) throws {
        #expect(try Self.resolve(text + "\n" + Self.domains, host: "server").hostName == canonical)
    }

    @Test func filesAreReadAgainWithTheCanonicalName() throws {
        let text =
            Self.domains + """

                Host *.example.com
                    Port 77
                    HostName elsewhere
                    User first
                Match canonical host server.example.com
                    IdentityFile /canonical
                Match originalhost server
                    IdentityFile /original
                Match !canonical
                    BatchMode yes
                """
        let options = try Self.resolve(text, host: "server")
        #expect(options.port == 77)
        #expect(options.hostName == "server.example.com")
        #expect(options.originalHost == "server")
        #expect(options.user == "first")
        #expect(options.identityFiles.map(\.path) == ["/original", "/canonical"])
        #expect(options.batchMode)
    }

    @Test func aPipeIsReadOnce() throws {
        let reads = Mutex(0)
        var local = ConfigurationTests.machine()
        local.readFile = { request in
            #expect(request.mayBePipe)
            let isFirst = reads.withLock { count in
                count += 1
                return count == 1
            }
            return .bytes(Array((isFirst ? "Match final\nPort 7" : "").utf8)[...])
        }
        let options = try SSHConfiguration(files: .only("/dev/fd/9"), local: local).resolve(
            host: "h")
        #expect(options.port == 7)
    }
}
