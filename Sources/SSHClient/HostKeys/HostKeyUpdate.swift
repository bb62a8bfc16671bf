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
    /// The server's address in numbers, where it is to be remembered beside the name
    /// (`CheckHostIP`).
    let address: String?
    /// Has the server prove that it holds keys.
    let prove: @Sendable ([PublicKey]) async throws -> Bool

    /// Does what is to be done about the keys that a server says it has.
    func run(advertised: [Bytes]) async throws {
        let shown = try accepted(advertised)
        let paths = context.options.userKnownHostsFiles
        guard !paths.isEmpty, !shown.isEmpty else { return }
        let known = try await HostKeyCheck.read(KnownHosts(for: name), of: paths, context)
        guard let update = known.update(shown: shown, trusted: trusted), !update.isEmpty,
            try await !areKnownElsewhere(shown.map(\.blob) + update.obsolete.map(\.blob))
        else { return }
        if !update.new.isEmpty {
            guard try await prove(update.new) else {
                context.show(
                    "The server does not hold all of the host keys that it says it has; none of "
                        + "them is remembered.", level: .error)
                return
            }
        }
        announce(update)
        guard await isWanted() else { return }
        for path in paths { await store(update, known, path, isFirst: path == paths[0]) }
    }

    private var name: KnownHostName {
        let options = context.options
        return KnownHostName(
            host: options.hostName, port: options.port, alias: options.hostKeyAlias)
    }

    private var addressName: KnownHostName? {
        address.map { KnownHostName(host: $0, port: context.options.port) }
    }

    /// Whether the files hold one of the keys under another name, which would then be left behind.
    private func areKnownElsewhere(_ keys: [[UInt8]]) async throws -> Bool {
        let hosts = [name, addressName].compactMap(\.self)
        let others = try await HostKeyCheck.read(
            KnownKeyNames(of: keys, besides: hosts), of: context.options.userKnownHostsFiles,
            context)
        guard others.count > 0 else { return false }
        context.trace("The host's keys are known by other names too, and so not updated")
        return true
    }

    /// Who has wanted to be asked should know about what.
    private func announce(_ update: KnownHostsUpdate) {
        let level = context.options.updateHostKeys == .ask ? LogLevel.info : .verbose
        for key in update.new { context.show("Learned new hostkey: \(text(key))", level: level) }
        for key in update.obsolete {
            let shown = (try? PublicKey(blob: key.blob[...])).map(text) ?? key.type
            context.show("Deprecating obsolete hostkey: \(shown)", level: level)
        }
    }

    private func text(_ key: PublicKey) -> String {
        "\(key.kindName) \(context.fingerprint(of: key))"
    }

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

    private func isWanted() async -> Bool {
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

    /// Changes one file; to the first one, if it is there, new keys go.
    private func store(
        _ update: KnownHostsUpdate, _ known: KnownHosts, _ path: String, isFirst: Bool
    ) async {
        let lines =
            isFirst ? update.new.flatMap { context.newLines(for: name, addressName, $0) } : []
        do {
            try await context.loop.offload { [world = context.world, addressName] in
                // Read again: another program may have written to it meanwhile.
                let limit = ConfigurationLimits.rewrittenBytes
                guard let file = try world.readFile(path, limit: limit) else { return }
                let content = known.updated(
                    file.bytes[...], by: update, address: addressName, newLines: lines)
                if content != file.bytes { try world.replaceFile(path, content) }
            }
        } catch {
            context.show("The host's keys in \(path) were not updated: \(error)", level: .error)
        }
    }
}
