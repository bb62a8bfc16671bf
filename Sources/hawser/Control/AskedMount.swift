// SPDX-License-Identifier: Apache-2.0

import EventLoop
import FuseBridge
import Glibc
import MountControl
import RemoteFS
import Wire

/// A mount that is asked, or told to do something, at its private socket.
struct AskedMount: Sendable {
    let mount: MountTable.Mount
    let loop: EpollLoop
    private let socket: ControlSocket

    private init(_ mount: MountTable.Mount, _ loop: EpollLoop) {
        self.mount = mount
        self.loop = loop
        socket = ControlSocket(device: mount.device, user: mount.userID ?? geteuid())
    }

    /// Those that are meant: the one at a mount point, or without that this user's, and root's are all.
    ///
    /// They are known by their type or, where that was chosen freely (`subtype`), by their socket.
    ///
    /// - Throws: `MountError` where there is nothing of ours.
    static func named(_ mountPoint: String?, loop: EpollLoop) throws -> [AskedMount] {
        let table = MountTable.read()
        guard let mountPoint else {
            return table.mounts.filter {
                $0.isFUSE && (geteuid() == 0 || $0.userID == geteuid())
            }.map { AskedMount($0, loop) }.filter(\.isOurs)
        }
        return [try at(try MountPoint(mountPoint), loop: loop)]
    }

    /// Whether it is ours: sshfs has mounts of the type of those that we make in its name, but no sockets.
    private var isOurs: Bool {
        switch mount.type {
        case "fuse.hawser": true
        case "fuse.sshfs": socket.presence(loop) != .absent
        default: socket.presence(loop) == .served
        }
    }

    /// Whether no process is there to serve it.
    var isDead: Bool { socket.presence(loop) != .served }

    /// The mount that is seen at a mount point.
    ///
    /// - Throws: `MountError` where it is not ours.
    static func at(_ mountPoint: MountPoint, loop: EpollLoop) throws -> AskedMount {
        guard let mount = MountTable.read().mount(at: mountPoint.path), mount.isFUSE,
            case let asked = AskedMount(mount, loop),
            mount.hasTypeOfOurs || asked.socket.presence(loop) != .absent
        else { throw MountError("\(mountPoint.path): nothing of ours is mounted there") }
        return asked
    }

    /// What is mounted where, fit for a terminal.
    var title: String {
        "\(TerminalText.line(mount.source)) on \(TerminalText.line(mount.mountPoint))"
    }

    /// Asks, and returns what the mount says.
    ///
    /// - Parameter patience: how long it may take to answer; nil for as long as it takes.
    /// - Throws: `MountError`: what went wrong, in its words or ours.
    func ask(_ request: ControlRequest, patience: Duration?) async throws -> String {
        let reply: ControlReply
        do {
            reply = try await ControlClient(socket, loop: loop).ask(
                request.rawValue, patience: patience)
        } catch {
            throw MountError("\(error)")
        }
        guard reply.isSuccess else { throw MountError(reply.text) }
        return reply.text
    }

    /// How much is not on the server yet.
    ///
    /// - Throws: `MountError` where the mount does not tell.
    func unwritten() async throws -> UnwrittenData {
        let text = try await ask(.unwritten, patience: Self.promptAnswer)
        guard let data = UnwrittenData(text: text) else {
            throw MountError("its process gave no proper answer")
        }
        return data
    }

    /// How long a process may take to answer that need not ask anybody.
    static let promptAnswer = Duration.seconds(5)

    /// Has the mount do something for as long as that takes, and shows on a terminal how much is not on
    /// the server meanwhile.
    ///
    /// - Returns: what the mount says.
    /// - Throws: `MountError`: what went wrong, or that the process does not answer any more.
    func perform(_ order: ControlRequest) async throws -> String {
        let mount = self
        return try await withThrowingTaskGroup(of: String.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await mount.ask(order, patience: nil) }
            group.addTask { try await mount.watch() }
            defer { Progress.clear() }
            guard let answer = try await group.next() else {
                preconditionFailure("a group without its tasks")
            }
            return answer
        }
    }

    /// Goes on until the mount does not answer.
    private func watch() async throws -> Never {
        while true {
            try await loop.sleep(for: .milliseconds(500))
            let left = try await unwritten()
            if left.bytes > 0 { Progress.show("not on the server yet: \(left.inWords)") }
        }
    }
}

/// A line on the terminal that tells how far something is.
private enum Progress {
    static func show(_ text: String) { write("\rhawser: \(text)\u{1B}[K") }

    static func clear() { write("\r\u{1B}[K") }

    private static func write(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
