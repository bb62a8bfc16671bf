// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// What known_hosts says about the address that a host's name stands for (`CheckHostIP`): it tells a key
/// that has changed from a name that has been given to another host.
extension HostKeyCheck {
    /// A server's address, and what is known of the key that it shows.
    struct AddressRecord: Sendable {
        let name: KnownHostName
        let verdict: HostKeyVerdict
    }

    /// Looks the server's address up.
    ///
    /// - Returns: nil where that is not wanted or says nothing: for this machine itself, behind a
    ///   proxy, for a host that was named by its address, and for certificates.
    func addressRecord(
        of server: DialedConnection, _ hostKey: HostKey
    ) async throws -> AddressRecord? {
        guard hostKey.certificate == nil, let address = addressToRemember(of: server) else {
            return nil
        }
        let name = KnownHostName(host: address, port: context.options.port)
        let found = try await Self.addCommandOutput(
            to: try await Self.read(KnownHosts(for: name), context), for: .address, hostKey,
            context)
        return AddressRecord(name: name, verdict: found.verdict(on: hostKey.key.blob[...]))
    }

    /// The server's address in numbers, where it is checked and remembered beside the host's name.
    func addressToRemember(of server: DialedConnection) -> String? {
        guard context.options.checkHostIP, !server.isLoopback,
            server.address != context.options.hostName
        else { return nil }
        return server.address
    }

    /// Adds a known host's address where it is not known itself.
    ///
    /// - Returns: whether that was so.
    func learn(
        _ address: AddressRecord?, _ key: PublicKey, known place: ConfigurationLocation
    ) async -> Bool {
        guard let address, address.verdict == .unknown else { return false }
        let isWritable =
            !context.options.userKnownHostsFiles.isEmpty && !isFromCommand(place)
            && KnownHostName(host: context.options.hostName, port: 22).canBeWritten
        guard isWritable else {
            context.show(
                "\(key.kindName) host key for IP address '\(address.name.name)' not in list of "
                    + "known hosts.", level: .info)
            return true
        }
        await append(
            context.newLines(for: address.name, nil, key),
            success: "the \(key.kindName) host key for IP address '\(address.name.name)' to the "
                + "list of")
        return true
    }

    private func isFromCommand(_ place: ConfigurationLocation) -> Bool {
        place.file.hasPrefix("KnownHostsCommand-")
    }

    /// Has the user decide, or the options, where the address has another key than the host.
    func compare(
        _ address: AddressRecord?, _ key: PublicKey, known place: ConfigurationLocation?
    ) async throws {
        guard let address, case .changed(let other) = address.verdict else { return }
        var warning = """
            Warning: the \(key.kindName) host key for '\(known.name.name)' differs from the key \
            for the IP address '\(address.name.name)'
            Offending key for IP in \(mark(other.location))
            """
        if let place { warning += "\nMatching host key in \(mark(place))" }
        let refusal = HostKeyRefusal.addressDiffers(knownAt: other.location.description)
        switch context.options.strictHostKeyChecking {
        case .no: context.show(warning, level: .info)
        case .yes, .acceptNew:
            context.show(warning, level: .info)
            throw context.refused(refusal)
        case .ask:
            let question =
                TerminalText.lines(warning)
                + "\nAre you sure you want to continue connecting (yes/no)? "
            guard await confirm(question, fingerprint: nil) == true else {
                throw context.refused(refusal)
            }
        }
    }

    /// Says so where not only the host's key is another one, but the address's differs from both.
    func warnOfSpoofing(_ address: AddressRecord?, _ key: PublicKey, known old: KnownHostKey) {
        guard let address else { return }
        let finding: String
        var place: ConfigurationLocation?
        switch address.verdict {
        case .changed(let other):
            if other.blob == old.blob { return }
            (finding, place) = ("has a different value", other.location)
        case .match(let location): (finding, place) = ("is unchanged", location)
        case .unknown: finding = "is unknown"
        case .revoked(let location): (finding, place) = ("is revoked", location)
        }
        context.show(
            spoofingWarning(key, address.name.name, finding)
                + (place.map { "\nOffending key for IP in \(mark($0))" } ?? ""), level: .error)
    }
}
