// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import Testing

@testable import SSHConfig

/// Every option of ssh_config that we honour changes something that others can see.
@Suite struct OptionEffectTests {
    private static let honoured = OptionTable.all.filter {
        $0.optionClass == .a || $0.optionClass == .b
    }.map(\.keyword)

    @Test func everyOptionWithAnEffectIsInTheTable() {
        let (found, expected) = (Set(EffectTable.proofs.keys), Set(Self.honoured))
        #expect(found.subtracting(expected).isEmpty)
        #expect(expected.subtracting(found).isEmpty)
        for (option, proof) in EffectTable.proofs {
            guard case .observed(let effects) = proof else { continue }
            #expect(!effects.isEmpty)
            for effect in effects {
                #expect(!effect.shows.isEmpty, "\(option)")
                #expect(effect.given.hasPrefix(option + "="))
            }
        }
    }

    private static let top =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    @Test func everyOptionHasItsEffect() throws {
        let observer = try Observer()
        for (option, proof) in EffectTable.proofs.sorted(by: { $0.key < $1.key }) {
            guard case .observed(let effects) = proof else { continue }
            for effect in effects {
                let with = try observer.observation(of: effect, isGiven: true)
                let without = try observer.observation(of: effect, isGiven: false)
                for text in try effect.shows.map(observer.text) {
                    #expect(with.contains(text), "\(option): with \(effect.given) no \(text)")
                    #expect(!without.contains(text), "\(option): \(text) without it, too")
                }
                for text in try effect.otherwise.map(observer.text) {
                    #expect(!with.contains(text), "\(option): \(text) with \(effect.given), too")
                    #expect(without.contains(text), "\(option): no \(text) without it")
                }
            }
        }
    }

    /// What shells, terminals and forwardings would need, and what OpenSSH has given up.
    @Test func optionsWithoutAnEffectChangeNothing() throws {
        let observer = try Observer()
        var effect = OptionEffect(given: "Compression=no", shows: [])
        let before = try observer.observation(of: effect, isGiven: true)
        let values = [
            "RequestTTY": "force", "RemoteCommand": "tmux attach", "SessionType": "none",
            "EscapeChar": "none", "HostbasedAuthentication": "yes", "LogVerbose": "*",
            "LocalCommand": "touch /nonexistent/file", "LocalForward": "1 a:2",
            "RemoteForward": "1 a:2", "DynamicForward": "1", "GSSAPIDelegateCredentials": "yes",
        ]
        effect.beside = OptionTable.all.filter { !Self.honoured.contains($0.keyword) }.map {
            "\($0.keyword) \(values[$0.keyword] ?? "yes")"
        }
        #expect(effect.beside.count > 40)
        let after = try observer.observation(of: effect, isGiven: true)
        #expect(Self.comparable(before) == Self.comparable(after))
        #expect(after.contains("outcome: connected"))
    }

    /// What is seen of a connection on our side; the server's log has numbers of processes.
    private static func comparable(_ observation: String) -> [String] {
        observation.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("server: ") }
    }

    @Test func everyTestAndCaseThatProvesAnEffectIsThere() throws {
        for (option, proof) in EffectTable.proofs {
            switch proof {
            case .observed: continue
            case .test(let name, let file):
                let text = try run("cat", "\(Self.top)/Tests/SSHClientTests/\(file).swift").output
                #expect(text.contains("func \(name)("), "\(option): \(file) has no \(name)")
                #expect(text.contains(option), "\(option) is not in \(file)")
            case .integrationCase(let name):
                let text = try run("cat", "\(Self.top)/Integration/cases/\(name).sh").output
                #expect(text.contains(option), "\(option) is not in the case \(name)")
            }
        }
    }
}
