// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import SSHCrypto
import Wire

extension FuzzTarget {
    /// What an agent answers to each of our requests, one after another.
    ///
    /// Whatever comes, every request has to end, in time, and what it gives is within its limits.
    static let agentReplies = FuzzTarget(
        name: "agent-replies", seeds: agentSeeds,
        run: { input in
            let loop = SimulatedLoop()
            let (ours, theirs) = InMemoryPipe.makePair(loop: loop)
            let size = pieceSizes[Int(input.last ?? 0) % pieceSizes.count]
            loop.spawn {
                for answer in answers(input.dropLast()) {
                    guard (try? await theirs.read()) ?? nil != nil else { break }
                    for start in stride(from: answer.startIndex, to: answer.endIndex, by: size) {
                        let end = min(start + size, answer.endIndex)
                        try? await theirs.write([answer[start..<end]])
                    }
                }
                await theirs.close()
            }
            do {
                try loop.run { await exercise(AgentClient(channel: ours, loop: loop)) }
            } catch {
                preconditionFailure("a request never ends: \(error)")
            }
        })
}

/// An input as answers with their length fields, one for each request; the last may be anything.
private func answers(_ input: Bytes) -> [Bytes] {
    var answers: [Bytes] = []
    var rest = input
    while !rest.isEmpty {
        let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        answers.append(rest.prefix(4 + length))
        rest = rest.dropFirst(4 + length)
    }
    return answers
}

/// Makes each request once; errors are what a bad agent gets.
private func exercise(_ agent: AgentClient) async {
    let binding = AgentClient.Binding(hostKey: [1], sessionID: [2], signature: [3])
    try? await agent.bind(binding)
    let keys = (try? await agent.keys()) ?? []
    precondition(keys.count <= 2048 && keys.allSatisfy { $0.comment.utf8.count <= 4096 })
    for algorithm in [SignatureAlgorithm.ed25519, .rsaSHA512] {
        let signature = try? await agent.sign([4], by: [5], algorithm: algorithm)
        precondition(signature?.count ?? 0 <= 16 * 1024)
    }
    var constraints = AgentClient.Constraints()
    constraints.mustConfirm = true
    try? await agent.add(fuzzKey, comment: "comment", constraints)
    await agent.close()
}

/// An agent's answers to all of that, in pieces that hold one each, and one that fails at each.
private let agentSeeds: @Sendable () -> [[UInt8]] = {
    var keys = WireWriter()
    keys.write(UInt8(12))
    keys.write(UInt32(1))
    keys.writeString(fuzzKey.publicKey.blob)
    keys.writeString("comment")
    let signatures = ["ssh-ed25519", "rsa-sha2-512"].map { name in
        var inner = WireWriter()
        inner.writeString(name)
        inner.writeString([UInt8](repeating: 1, count: 64))
        var writer = WireWriter()
        writer.write(UInt8(14))
        writer.writeString(inner.bytes)
        return writer.bytes
    }
    let good = [[6], keys.bytes] + signatures + [[6]]
    let bad = [[UInt8]](repeating: [5], count: 5)
    return [good, bad].map { messages in
        let stream = messages.flatMap { message -> [UInt8] in
            var writer = WireWriter()
            writer.writeString(message)
            return writer.bytes
        }
        // The last byte chooses how it is cut.
        return stream + [7]
    }
}
