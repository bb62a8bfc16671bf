// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import SSHCrypto
import Testing
import Wire

/// Agents that are not what they seem: the login goes on without them.
@Suite struct AgentTests {
    enum Misbehaviour: CaseIterable {
        case hugeLength, zeroLength, tooManyKeys, countWithoutKeys, truncatedKey, trailingBytes
        case unaskedBytes, failure, wrongType, closesAtOnce, closesWithinMessage, neverAnswers
    }

    private static func answer(_ misbehaviour: Misbehaviour) -> [UInt8]? {
        switch misbehaviour {
        case .hugeLength: [0xFF, 0xFF, 0xFF, 0xFF, 12]
        case .zeroLength: [0, 0, 0, 0]
        case .tooManyKeys: frame([12, 0, 0, 0x08, 0x01])
        case .countWithoutKeys: frame([12, 0, 0, 0, 3])
        case .truncatedKey: frame([12, 0, 0, 0, 1, 0, 0, 0, 9, 1])
        case .trailingBytes: frame([12, 0, 0, 0, 0, 7])
        case .unaskedBytes: frame([12, 0, 0, 0, 0]) + [1, 2, 3]
        case .failure: frame([5])
        case .wrongType: frame([14, 0, 0, 0, 0])
        case .closesAtOnce, .neverAnswers: nil
        case .closesWithinMessage: [0, 0, 0, 9, 12]
        }
    }

    private static func frame(_ message: [UInt8]) -> [UInt8] {
        [0, 0, 0, UInt8(message.count)] + message
    }

    /// Reads a whole message; returns its type.
    private static func readRequest(_ pipe: InMemoryPipe) async -> UInt8? {
        var bytes: [UInt8] = []
        while true {
            var reader = WireReader(bytes)
            if let message = try? reader.readString() { return message.first }
            guard let more = (try? await pipe.read()) ?? nil else { return nil }
            bytes += more
        }
    }

    private func simulation(
        behaviour: MemoryServer.Behaviour = .init(), _ agent: @escaping SimulatedWorld.Server
    ) throws -> Simulation {
        try Simulation(["IdentityAgent=/agent"], behaviour: behaviour, agent: agent)
    }

    @Test(arguments: Misbehaviour.allCases)
    func brokenListOfKeysIsPassedOver(_ misbehaviour: Misbehaviour) throws {
        let simulation = try simulation { pipe in
            #expect(await Self.readRequest(pipe) == 27)
            try? await pipe.write([Self.frame([5])[...]])
            #expect(await Self.readRequest(pipe) == 11)
            if let answer = Self.answer(misbehaviour) { try? await pipe.write([answer[...]]) }
            if misbehaviour == .neverAnswers {
                while (try? await pipe.read()) != nil {}
            }
            await pipe.close()
        }
        // The password gets us in.
        try simulation.run { try await echo($0, size: 10) }
        #expect(simulation.prompter.messages.contains { $0.hasPrefix("No keys from the agent: ") })
    }

    @Test(arguments: [(nil, 10), (3, 3), (60, 10)] as [(Int?, Int)])
    func silentAgentIsWaitedForOnce(connectTimeout: Int?, seconds: Int) throws {
        var options = ["IdentityAgent=/agent", "AddKeysToAgent=yes", "IdentityFile=/keys/one"]
        if let connectTimeout { options.append("ConnectTimeout=\(connectTimeout)") }
        var behaviour = MemoryServer.Behaviour()
        behaviour.acceptsKeys = true
        let simulation = try Simulation(
            options, behaviour: behaviour,
            agent: { pipe in
                while (try? await pipe.read()) ?? nil != nil {}
            })
        simulation.world.setFile(
            "/keys/one", Array(try TestKeys.privateText("user-ed25519").utf8))
        try simulation.run { try await echo($0, size: 10) }
        #expect(simulation.loop.now < .seconds(seconds + 1))
        #expect(
            simulation.prompter.messages.contains {
                $0 == "No keys from the agent at /agent: it does not answer"
            })
    }

    enum Signature: CaseIterable { case refused, ofAnotherAlgorithm, garbage, huge }

    @Test(arguments: Signature.allCases)
    func badSignatureOnlyCostsTheKey(_ kind: Signature) throws {
        let key = try #require(
            PublicKeyLine(try TestKeys.publicLine("user-ed25519"))?.blob)
        var behaviour = MemoryServer.Behaviour()
        behaviour.acceptsKeys = true
        let simulation = try simulation(behaviour: behaviour) { pipe in
            while let type = await Self.readRequest(pipe) {
                var writer = WireWriter()
                if type == 11 {
                    writer.write(UInt8(12))
                    writer.write(UInt32(1))
                    writer.writeString(key)
                    writer.writeString("comment")
                } else if type == 27 {
                    writer.write(UInt8(6))
                } else {
                    switch kind {
                    case .refused: writer.write(UInt8(5))
                    case .ofAnotherAlgorithm:
                        var signature = WireWriter()
                        signature.writeString("ssh-rsa")
                        signature.writeString("xyz")
                        writer.write(UInt8(14))
                        writer.writeString(signature.bytes)
                    case .huge:
                        // It would not even fit into a packet of ours.
                        var signature = WireWriter()
                        signature.writeString("ssh-ed25519")
                        signature.writeString([UInt8](repeating: 0, count: 262_000))
                        writer.write(UInt8(14))
                        writer.writeString(signature.bytes)
                    case .garbage:
                        writer.write(UInt8(14))
                        writer.writeString("\u{1}")
                    }
                }
                var frame = WireWriter()
                frame.writeString(writer.bytes)
                try? await pipe.write([frame.bytes[...]])
            }
        }
        try simulation.run { try await echo($0, size: 10) }
        #expect(simulation.prompter.questions.count == 1)
        #expect(simulation.prompter.messages.contains { $0.hasPrefix("comment: the agent ") })
    }
}

/// The blob of a key in a `.pub` file.
private struct PublicKeyLine {
    let blob: [UInt8]

    init?(_ line: String) {
        let fields = line.split(separator: " ")
        guard fields.count >= 2, let blob = try? Base64.decode(Array(fields[1].utf8)[...]) else {
            return nil
        }
        self.blob = blob
    }
}
