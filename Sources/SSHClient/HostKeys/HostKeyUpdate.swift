// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import Wire

/// Learns the further keys of a host that is known, and forgets those that it does not have any more
/// (`UpdateHostKeys`), so that its administrator can change them without alarming anybody.
struct HostKeyUpdate: Sendable {
    let context: ConnectContext
    /// The key by which the server has been found to be the host.
    let trusted: PublicKey
    /// Has the server prove that it holds keys.
    let prove: @Sendable ([PublicKey]) async throws -> Bool

    /// Does what is to be done about the keys that a server says it has.
    func run(advertised: [Bytes]) async throws {
        let shown = try accepted(advertised)
        guard let path = context.options.userKnownHostsFiles.first, !shown.isEmpty else { return }
        let known = try await load(path)
        guard let update = known.update(shown: shown, trusted: trusted), !update.isEmpty else {
            return
        }
        if !update.new.isEmpty {
            guard try await prove(update.new) else {
                context.show(
                    "The server does not hold all of the host keys that it says it has; none of "
                        + "them is remembered.", level: .error)
                return
            }
        }
        for key in update.new {
            context.show("Learned new hostkey: \(text(key))", level: .info)
        }
        for key in update.obsolete {
            let shown = (try? PublicKey(blob: key.blob[...])).map(text) ?? key.type
            context.show("Deprecating obsolete hostkey: \(shown)", level: .info)
        }
        guard try await isWanted() else { return }
        try await store(update, known, path)
    }

    private func text(_ key: PublicKey) -> String { "\(key.kindName) \(key.fingerprint)" }

    /// Those of the types that we would take as a host's; certificates are not remembered.
    private func accepted(_ blobs: [Bytes]) throws -> [PublicKey] {
        let algorithms = try context.options.hostKeyAlgorithms(
            known: KnownHosts(for: KnownHostName(host: "", port: 22)))
        let types = Set(algorithms.filter { !$0.isCertificate }.map(\.signature.keyType))
        var seen: Set<PublicKey> = []
        return blobs.compactMap { try? PublicKey(blob: $0) }.filter { key in
            types.contains(key.type) && seen.insert(key).inserted
                && key.rsaBits.map { $0 >= context.options.requiredRSASize } ?? true
        }
    }

    private func isWanted() async throws -> Bool {
        guard context.options.updateHostKeys == .ask else { return true }
        guard !context.options.batchMode else { return false }
        for _ in 0..<3 {
            guard
                let answer = await context.prompter.ask(
                    "Accept updated hostkeys? (yes/no): ", echoes: true)
            else { return false }
            switch answer.lowercased() {
            case "yes": return true
            case "no": return false
            default: continue
            }
        }
        return false
    }

    /// What the user's first file, to which new keys go, says about the host.
    private func load(_ path: String) async throws -> KnownHosts {
        let options = context.options
        let name = KnownHostName(
            host: options.hostName, port: options.port, alias: options.hostKeyAlias)
        return try await context.loop.offload { [world = context.world] in
            var known = KnownHosts(for: name)
            let file = try world.readFile(path, limit: ConfigurationLimits.knownHostsBytes)
            if let file { try known.add(file.bytes[...], file: path) }
            return known
        }
    }

    private func store(
        _ update: KnownHostsUpdate, _ known: KnownHosts, _ path: String
    ) async throws {
        let lines = update.new.compactMap { key in
            let count = KnownHosts.hashByteCount
            let salt =
                context.options.hashKnownHosts ? context.world.random(count).prefix(count) : nil
            return known.line(keyType: key.type.rawValue, blob: key.blob[...], salt: salt)
        }
        try await context.loop.offload { [world = context.world] in
            // Read again: another program may have written to it meanwhile.
            guard let file = try world.readFile(path, limit: ConfigurationLimits.knownHostsBytes)
            else { return }
            let content = known.updated(file.bytes[...], by: update, newLines: lines)
            try world.replaceFile(path, content)
        }
    }
}
