// SPDX-License-Identifier: Apache-2.0

import CopyEngine
import EventLoop
import MountOptions
import RemoteFS
import SFTPClient
import SSHClient
import SSHConfig
import Wire

extension CopyProcess {
    /// Takes an argument for a path on a side, and connects to where that is.
    func operand(_ argument: CopyArgument) async throws -> CopyOperand {
        guard argument.host != nil else {
            let path = argument.path.isEmpty ? Array(".".utf8) : argument.path
            return CopyOperand(store: LocalStore(loop: loop), path: path[...])
        }
        let store = try await store(on: argument)
        do {
            let path = try await store.expand(argument.path[...])
            return CopyOperand(store: store, path: path, label: argument.label)
        } catch {
            throw CommandProblem(
                "\(argument.label)\(String(keepingBytesOf: argument.path)): \(error)")
        }
    }

    func store(on argument: CopyArgument) async throws -> RemoteStore {
        // One program serves for all hosts.
        let key = command.serverProgram == nil ? argument.host : nil
        if let store = stores[key] { return store }
        let store = RemoteStore(link: try await connect(argument))
        stores[key] = store
        return store
    }

    private func connect(_ argument: CopyArgument) async throws -> RemoteLink {
        let world = SystemWorld(loop: loop, environment: LocalContext.environmentVariables)
        if let program = command.serverProgram {
            let channel = try await world.connect(to: .program([program])) { [meter] in
                meter.say($0)
            }
            return RemoteLink(only: try await SFTPClient.open(over: channel, loop: loop))
        }
        guard let host = argument.host else { preconditionFailure("a connection to nowhere") }
        let answers = RememberedAnswers(user: prompter)
        let dialing = Dialing(
            options: try mountOptions(for: host), world: world, loop: loop, prompter: answers,
            memory: DialingMemory())
        let connection = try await Connection.open(dialing)
        let link = ServerLink(
            connection.forLink, options: linkOptions(for: host), loop: loop,
            dial: dialer(Redialing(dialing: dialing, answers: answers, place: nil)))
        await link.start(onReturn: {}, bytesUnderWay: { 0 })
        closings.append { await link.close() }
        return RemoteLink(
            current: { link.assumeIsolated { $0.client } },
            further: { link.assumeIsolated { $0.furtherChannels } },
            next: { try await link.waitForConnection() })
    }

    private func dialer(_ redialing: Redialing) -> ServerLink.Dialer {
        { generation, failures in
            try await redialing.connect(generation: generation, failures: failures).forLink
        }
    }

    private func linkOptions(for host: CopyArgument.Host) -> LinkOptions {
        LinkOptions(
            random: { UInt32.random(in: 0...(.max)) },
            log: { [meter] in meter.say("\(host.name): \($0)") })
    }

    /// The connection, as a mount would make it.
    private func mountOptions(for host: CopyArgument.Host) throws -> MountOptions {
        let login = (host.user.map { "\($0)@" } ?? "") + host.bracketedName
        var options = MountOptions(
            source: try RemoteSource(parsing: login + ":"), mountPoint: "",
            sshKeywords: SSHConfiguration.keywords)
        options.sshConfigFile = command.configFile
        for (name, value) in command.connectionOptions(to: host) {
            if name.lowercased() == "compression", value.lowercased() == "auto" {
                options.steersCompression = true
            } else {
                options.sshOptions.append(MountOptions.SSHOption(name: name, value: value))
            }
        }
        if let program = command.sshProgram { options.transport = .program([program]) }
        return options
    }
}
