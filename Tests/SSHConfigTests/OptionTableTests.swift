// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import SSHConfig

@Suite struct OptionTableTests {
    @Test func hasEveryOptionThatSSHPrints() throws {
        let printed = try SSHOracle.options(["-F", "none"], host: "example.com")
        #expect(printed.count > 60)
        for keyword in printed.keys where keyword != "host" {
            #expect(OptionTable.byName[keyword.lowercased()] != nil, "\(keyword)")
        }
    }

    /// Options without effect that came after OpenSSH 9.2, and those of macOS and other builds.
    private static let unknownToOlderSSH: Set<String> = [
        "obscurekeystroketiming", "usekeychain", "gssapiclientidentity", "gssapikexalgorithms",
        "gssapikeyexchange", "gssapirenewalforcesrekey", "gssapiserveridentity", "gssapitrustdns",
    ]

    @Test func hasNoOptionThatSSHDoesNotKnow() throws {
        let folder = try TemporaryFolder()
        let keywords = OptionTable.byName.keys.sorted()
        let file = try folder.write(
            "config", keywords.map { "\($0) yes" }.joined(separator: "\n") + "\n")
        let result = try run(["/usr/bin/ssh", "-G", "-F", file, "example.com"])
        let unknown = result.errors.split(whereSeparator: \.isNewline).compactMap { line in
            line.contains("Bad configuration option") ? line.split(separator: " ").last : nil
        }
        let later = SSHOracle.laterOptions.map { $0.lowercased() }
        #expect(
            Set(unknown.map(String.init)).subtracting(Self.unknownToOlderSSH).subtracting(later)
                .isEmpty)
    }

    /// ssh prints the number of a class by its name, so two texts for one class print alike.
    @Test(arguments: [
        "af11", "AF12", "af13", "af21", "af22", "af23", "af31", "af32", "af33", "af41", "af42",
        "af43", "cs0", "cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "cs7", "ef", "le", "lowdelay",
        "throughput", "reliability", "none", "0x55", "7", "reliability none", "ef cs1", "256", "xx",
        "ef cs1 cs2",
    ])
    func classesOfServiceAreThoseOfSSH(text: String) throws {
        func printed(_ text: String) throws -> [String]? {
            try SSHOracle.options(["-F", "none", "-o", "IPQoS \(text)"], host: "h")["ipqos"]
        }
        let configuration = SSHConfiguration(
            commandLine: ["IPQoS \(text)"], files: .none, local: ConfigurationTests.machine())
        guard let expected = try? printed(text) else {
            #expect(throws: SSHConfigError.self) { try configuration.resolve(host: "h") }
            return
        }
        let ours = try configuration.resolve(host: "h").ipQoS
        let numbers = [ours.interactive, ours.bulk].map { $0.map { "\($0)" } ?? "none" }
        #expect(try printed(numbers.joined(separator: " ")) == expected)
    }

    /// ssh expands the tokens of keys only when it loads them.
    @Test func tokensOfKeysAreThoseOfSSH() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "config",
            """
            HostName Real.Example.Com
            HostKeyAlias Alias
            User bob
            Port 2222
            IdentityFile ~/%d-%h-%i-%k-%L-%l-%n-%p-%r-%u-%%-${FOO}
            IdentityFile relative
            CertificateFile ~root/%n
            """)
        let result = try run(
            ["/usr/bin/ssh", "-v", "-F", file, "-o", "ProxyCommand=/bin/false", "Typed"],
            environment: ["PATH=/usr/bin:/bin", "FOO=foo"])
        func names(after prefix: String) -> [String] {
            result.errors.split { $0.isNewline }.compactMap { line in
                guard line.hasPrefix("debug1: \(prefix) "), !line.contains("-cert ") else {
                    return nil
                }
                return line.dropFirst(9 + prefix.utf8.count).split(separator: " type ").first
                    .map(String.init)
            }
        }
        let configuration = SSHConfiguration(
            files: .only(file), local: .thisMachine(environment: ["FOO": "foo"]))
        let options = try configuration.resolve(host: "Typed")
        #expect(options.identityFiles.map(\.path) == names(after: "identity file"))
        #expect(options.certificateFiles == names(after: "certificate file"))
    }

    @Test(.enabled(if: unsafe access("/etc/ssh/ssh_config", R_OK) == 0))
    func theSystemsOwnFileParses() throws {
        var local = LocalContext.thisMachine()
        local.homeDirectory = "/nonexistent"
        let options = try SSHConfiguration(local: local).resolve(host: "example.com")
        let expected = try SSHOracle.options(
            ["-F", "/etc/ssh/ssh_config"], host: "example.com")
        #expect(options.sendEnv == expected["sendenv"] ?? [])
        #expect(options.hashKnownHosts == (expected["hashknownhosts"] == ["yes"]))
    }
}
