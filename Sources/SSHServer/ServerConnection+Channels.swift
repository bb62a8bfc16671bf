// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPServer
import SSHProtocol
import Wire

extension ServerConnection {
    /// What sshd's `internal-sftp` says to those who want something else.
    private static let refusal = Array("This service allows sftp connections only.\n".utf8)
    private static let refusalStatus: UInt32 = 1

    /// Starts what a client asks for on a channel; false where that is not to be had.
    func start(_ request: SessionRequest, on id: ChannelID) -> Bool {
        guard let state = channels[id], state.program == nil else { return false }
        switch request {
        case .environment: return false
        case .subsystem(name: "sftp"):
            state.program = .sftp
            startSession(id)
            return true
        case .subsystem(let name):
            let name = ServerLog.escaped(name.utf8)
            log.log(
                .error, "subsystem request for \(name) by \(peerText) failed, subsystem not found")
            return false
        case .exec, .shell:
            // A refusal would leave the user without a reason.
            state.program = .refused
            log.log(.info, "Refusing a command or shell for \(peerText)")
            loop.afterTurn { [weak self] in self?.assumeIsolated { $0.sayFilesOnly(on: id) } }
            return true
        }
    }

    private func sayFilesOnly(on id: ChannelID) {
        guard !hasEnded else { return }
        ssh.send([Self.refusal[...]], on: id)
        finish(id, status: Self.refusalStatus)
    }

    private func startSession(_ id: ChannelID) {
        let peer = "\(userText) from \(client.logText)"
        log.log(.info, "Starting session: subsystem 'sftp' for \(peer) id \(nextSession)")
        nextSession += 1
        sessionCount += 1
        loop.spawn { await self.runSession(id) }
    }

    private var userText: String { ServerLog.escaped((user ?? "").utf8) }

    private func runSession(_ id: ChannelID) async {
        let session = ServedSession(
            SFTPSession.Configuration(
                policy: settings.policy, files: settings.files, log: log,
                userName: settings.login.userName,
                clientAddress: Array(client.text.utf8)[...], handleLimit: settings.handleLimit,
                quota: settings.quota, rates: settings.rates),
            over: ServerChannel(connection: self, id: id), loop: loop)
        channels[id]?.session = session
        let end = await session.serve()
        finish(id, status: UInt32(end.exitStatus))
        sessionEnded()
    }

    /// Tells how what ran on a channel has ended, and closes it behind what is queued.
    private func finish(_ id: ChannelID, status: UInt32) {
        channels[id] = nil
        guard !hasEnded else { return }
        ssh.sendEndOfData(on: id)
        ssh.sendExitStatus(status, on: id)
        ssh.close(id, discardingUnsentData: false)
        stateChanged()
    }

    func handle(_ event: ChannelEvent, on id: ChannelID) {
        guard let state = channels[id] else {
            if case .data(let bytes) = event { ssh.consumed(bytes.count, on: id) }
            return
        }
        switch event {
        case .data(let bytes):
            guard state.program != .refused, !state.hasEnded else {
                return ssh.consumed(bytes.count, on: id)
            }
            state.incoming.append(bytes)
            state.readers.wakeAll()
        case .extendedData(_, let bytes): ssh.consumed(bytes.count, on: id)
        case .endOfData:
            state.hasEnded = true
            state.readers.wakeAll()
        case .peerStoppedReading, .closed:
            state.end()
            if case .closed = event, state.program == nil { channels[id] = nil }
        case .opened, .openFailed, .requestAnswered, .exitStatus, .exitSignal: break
        }
    }
}
