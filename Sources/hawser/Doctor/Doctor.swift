// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import EventLoop
import FuseBridge
import Glibc
import MountOptions
import SSHClient
import SSHConfig

/// `hawser doctor`.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Find out what keeps mounts from working, and what to do.",
        usage: "hawser doctor [options] [[user@]host[:directory]]",
        discussion: "Without a host, only this machine is looked at.", version: versionText)

    @OptionGroup var connection: ConnectionArguments

    @Option(
        name: .customShort("o"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Options of the mount and of ssh_config.", valueName: "name[=value],...")
    )
    var optionLists: [String] = []

    @Argument(help: "The server to connect to.")
    var host: String?

    func run() throws {
        Glibc.signal(SIGPIPE, SIG_IGN)
        let loop = try EpollLoop()
        let (options, connects) = (try options(), host != nil)
        let isWell = try loop.run {
            await Examination(options: options, connects: connects, loop: loop).run()
        }
        if !isWell { throw ExitCode.failure }
    }

    /// What a mount would be told; without a host, what holds for this machine itself.
    func options() throws -> MountOptions {
        let name = host ?? "localhost"
        var options = MountOptions(
            source: try RemoteSource(parsing: name.contains(":") ? name : name + ":"),
            mountPoint: "", sshKeywords: SSHConfiguration.keywords)
        options.sshConfigFile = connection.configFile
        for option in connection.sshOptions {
            try options.apply(name: option.name, value: option.value)
        }
        for list in optionLists { try options.apply(optionList: list) }
        options.sayMore(times: connection.verbose)
        return options
    }
}

/// All of what `hawser doctor` looks at, one after the other.
private struct Examination {
    let options: MountOptions
    let connects: Bool
    let loop: EpollLoop

    /// Prints what is found as soon as it is known.
    ///
    /// - Returns: whether nothing stands in the way.
    func run() async -> Bool {
        var isWell = true
        func tell(_ finding: Finding) {
            isWell = isWell && finding.kind != .problem
            print(finding.lines)
            fflush(nil)
        }
        let environment = LocalContext.environmentVariables
        let world = SystemWorld(loop: loop, environment: environment)
        FUSEExamination(world: world).findings.forEach(tell)
        deadMounts().forEach(tell)
        do {
            let route = try await loop.offload { [options] in try Dialing.route(options) }
            guard let host = route.last else { preconditionFailure("a route that leads nowhere") }
            tell(.good("the configuration of ssh can be read"))
            let login = LoginExamination(options: host, world: world, loop: loop)
            try await login.findings.forEach(tell)
            if connects {
                let prompter = TerminalPrompter(loop: loop, environment: environment)
                await ServerExamination(
                    options: options, host: host, world: world, loop: loop, prompter: prompter
                ).run(tell)
            }
        } catch {
            let remedy = Remedy(host: options.source.host).text(for: error)
            tell(.problem("\(error)", remedy: remedy))
        }
        return isWell
    }

    /// Mounts whose processes are gone.
    private func deadMounts() -> [Finding] {
        let mounts = (try? AskedMount.named(nil, loop: loop)) ?? []
        return mounts.filter(\.isDead).map {
            .problem(
                "\($0.title): its process is gone",
                remedy: "'hawser unmount \($0.mount.mountPoint)', and mount again")
        }
    }
}
