// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto

/// Lines that are added to the user's first known_hosts file.
extension HostKeyCheck {
    /// Appends the key of a new host; that it could not be is no reason not to connect.
    func remember(_ key: PublicKey, _ address: AddressRecord?) async {
        let newAddress = address.flatMap { $0.verdict == .unknown ? $0.name : nil }
        let lines = context.newLines(for: known.name, newAddress, key)
        guard !lines.isEmpty else {
            context.show(
                "The host's name cannot stand in known_hosts, so the key is not remembered.",
                level: .info)
            return
        }
        let names = [known.name.name, newAddress?.name].compactMap(\.self)
        await append(
            lines, success: "'\(names.joined(separator: ","))' (\(key.kindName)) to the list of")
    }

    /// Appends lines to the user's first file.
    ///
    /// - Parameter success: what is told then.
    func append(_ lines: [String], success: String) async {
        guard let path = context.options.userKnownHostsFiles.first else { return }
        do {
            try await context.loop.offload { [world = context.world] in
                for line in lines { try world.appendLine(line, to: path) }
            }
            context.show("Warning: Permanently added \(success) known hosts.", level: .info)
        } catch {
            context.show("Could not add the host key to \(path): \(error)", level: .error)
        }
    }
}

extension ConnectContext {
    /// Lines for a key that is to be remembered; none where the host's name cannot be written.
    ///
    /// - Parameter address: the host's address, where that is to be remembered, too.
    func newLines(
        for name: KnownHostName, _ address: KnownHostName?, _ key: PublicKey
    ) -> [String] {
        let (type, blob) = (key.type.rawValue, key.blob[...])
        let address = address?.canBeWritten == true ? address : nil
        guard options.hashKnownHosts else {
            let line = KnownHosts(for: name).line(keyType: type, blob: blob, address: address)
            return [line].compactMap(\.self)
        }
        guard name.canBeWritten else { return [] }
        return [name, address].compactMap(\.self).compactMap { name in
            let salt = world.random(KnownHosts.hashByteCount).prefix(KnownHosts.hashByteCount)
            return KnownHosts(for: name).hashedLine(keyType: type, blob: blob, salt: salt)
        }
    }
}
