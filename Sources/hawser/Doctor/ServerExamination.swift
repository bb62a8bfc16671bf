// SPDX-License-Identifier: Apache-2.0

import EventLoop
import MountOptions
import SFTPClient
import SFTPProtocol
import SSHClient
import SSHConfig
import SSHCrypto
import SSHProtocol
import Synchronization
import Wire

/// Connects to a server as a mount would, and looks at what it can do and how fast it is.
struct ServerExamination {
    let options: MountOptions
    /// What holds for the host.
    let host: ClientOptions
    let world: SystemWorld
    let loop: EpollLoop
    let prompter: any Prompter

    /// Tells what it finds as soon as it knows.
    func run(_ tell: (Finding) -> Void) async {
        let messages = NotedMessages(user: prompter)
        let dialing = Dialing(
            options: options, world: world, loop: loop, prompter: messages, memory: DialingMemory())
        let remedy = Remedy(
            host: options.source.host, usesProxyCommand: host.proxyCommand != nil)
        do {
            let connection = try await Connection.open(dialing)
            messages.texts.forEach { tell(.note($0)) }
            tell(await greeting(connection))
            do {
                _ = try await connection.root(of: options)
                tell(.good("the directory \(directoryName) is there"))
                try await measure(connection.client, tell)
            } catch {
                tell(
                    .problem(
                        "\(error)", remedy: "name a directory of the server that you may enter"))
            }
            Self.lacking(connection.client).forEach(tell)
            await connection.close()
        } catch {
            messages.texts.forEach { tell(.note($0)) }
            tell(.problem("\(error)", remedy: remedy.text(for: error)))
        }
    }

    private var directoryName: String {
        options.remoteDirectory.isEmpty ? "to log in to" : options.remoteDirectory
    }

    private func greeting(_ connection: Connection) async -> Finding {
        let facts = await connection.facts
        let software = facts?.serverIdentification ?? "what stands in for ssh"
        let algorithms = (facts?.algorithms).map { algorithms in
            ", \(algorithms.keyExchange.rawValue), \(algorithms.serverToClient.cipher.rawValue)"
        }
        return .good(
            "connected to \(host.hostName) port \(host.port) as \(host.user), with SFTP: \(software)"
                + (algorithms ?? ""))
    }

    // MARK: What it can do

    private static let useful: [(SFTPExtension, effect: String)] = [
        (.posixRename, "renaming onto a file that is there takes two steps"),
        (.fsync, "fsync(2) can't have data put on its disk"),
        (.statvfs, "df(1) does not know its free space"),
        (.hardlink, "there are no hard links"),
    ]

    private static func lacking(_ client: SFTPClient) -> [Finding] {
        useful.filter { !client.extensions.contains($0.0) }.map {
            .note(
                "the server does not support \($0.0.rawValue): \($0.effect)",
                remedy: "OpenSSH's sftp-server and hawser-sftp-server do")
        }
    }

    // MARK: How fast it is

    /// How long a measurement should take, and how long it may.
    private static let (wanted, longest) = (Duration.milliseconds(300), Duration.seconds(10))
    /// The first and the largest amount that is sent for it, in bytes.
    private static let amounts = 256 << 10...256 << 20
    private static let roundTrips = 7

    private func measure(_ client: SFTPClient, _ tell: (Finding) -> Void) async throws {
        var times: [Duration] = []
        for _ in 0..<Self.roundTrips {
            let start = loop.now
            _ = try await client.stat([UInt8(ascii: ".")])
            times.append(loop.now - start)
        }
        tell(.good("a round trip takes \(times.sorted()[times.count / 2].inWords)"))
        let (down, up): (UInt64, UInt64)
        do {
            down = try await rate(client, "/dev/zero", .read) { handle, amount in
                _ = try await client.read(handle, offset: 0, length: amount)
            }
            up = try await rate(client, "/dev/null", .write) { handle, amount in
                let zeros = [UInt8](repeating: 0, count: Self.amounts.lowerBound)[...]
                let pieces = Array(repeating: zeros, count: amount / zeros.count)
                try await client.write(handle, offset: 0, data: pieces)
            }
        } catch is TimeoutError {
            let least = UInt64(Self.amounts.lowerBound) / UInt64(Self.longest.components.seconds)
            return tell(
                .note(
                    "the connection carries less than \(least.inBytes) in a second",
                    remedy: "try -C, which compresses"))
        } catch {
            return tell(
                .good("its rate is not known: /dev/zero and /dev/null are not to be had there"))
        }
        tell(.good("it carries \(down.inBytes)/s from the server, and \(up.inBytes)/s to it"))
    }

    /// The rate, in bytes a second, at which so much goes that it takes long enough to be measured.
    private func rate(
        _ client: SFTPClient, _ device: String, _ flags: OpenFlags,
        _ transfer: @escaping @Sendable (SFTPHandle, Int) async throws -> Void
    ) async throws -> UInt64 {
        let handle = try await client.open(Array(device.utf8)[...], flags)
        var amount = Self.amounts.lowerBound
        while true {
            let (start, current) = (loop.now, amount)
            try await loop.withTimeout(Self.longest) { try await transfer(handle, current) }
            let time = loop.now - start
            if time >= Self.wanted || amount >= Self.amounts.upperBound {
                try await client.close(handle)
                return UInt64(Double(amount) / time.seconds)
            }
            amount *= 2
        }
    }
}

/// Keeps what is said while connecting, to be told in its place; questions go to the user.
private final class NotedMessages: Prompter {
    private let user: any Prompter
    private let noted = Mutex<[String]>([])

    init(user: any Prompter) { self.user = user }

    var texts: [String] { noted.withLock { $0 } }

    func answer(to question: Question) async -> Secret? { await user.answer(to: question) }

    func show(_ message: String, level: LogLevel) {
        guard level < .verbose else { return user.show(message, level: level) }
        noted.withLock { $0 += message.split(separator: "\n").map(String.init) }
    }
}
