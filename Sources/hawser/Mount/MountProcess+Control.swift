// SPDX-License-Identifier: Apache-2.0

import EventLoop
import FuseBridge
import Glibc
import MountControl
import MountOptions
import RemoteFS
import SFTPClient

/// What a mount can be asked at its private socket.
enum ControlRequest: String {
    /// How it is, for people.
    case status
    /// How it is, as JSON.
    case statusAsJSON = "status json"
    /// How it is, in a few words: a ``MountSummary`` as its text.
    case summary
    /// How much has been written and is not on the server: an ``UnwrittenData`` as its text.
    case unwritten
    /// To connect again now.
    case reconnect
    /// To put everything that has been written on the server.
    case flush
    /// To end the mount, and to say what is lost by that.
    case end
}

extension MountProcess {
    /// Makes the mount's private socket; without it the mount is as good, but can't be asked.
    func listen() {
        // A device that somebody has opened and mounted for us has no mount point that we know.
        guard let mount = MountTable.read().mount(at: mountPoint.path), mount.isFUSE else { return }
        let socket = ControlSocket(device: mount.device, user: mount.userID ?? geteuid())
        do {
            control = try ControlServer(socket, loop: loop) { [unowned self] request in
                await answer(request)
            }
        } catch {
            Log.write("this mount can't be asked or told anything: \(error)")
        }
    }

    private func answer(_ request: String) async -> ControlReply {
        switch ControlRequest(rawValue: request) {
        case .status: .success(await report().text)
        case .statusAsJSON: .success("\(await report().json)")
        case .summary: .success(await summary.text)
        case .unwritten: .success(await unwritten.text)
        case .reconnect: await reconnect()
        case .flush: await flush()
        case .end: await endWithoutWaiting()
        case nil: .failure("a mount of \(versionText) can't do that: \(request)")
        }
    }

    private var unwritten: UnwrittenData {
        get async { await bridge?.usage?.unwritten ?? UnwrittenData(files: 0, bytes: 0) }
    }

    private func reconnect() async -> ControlReply {
        guard let link else { return .failure("it has not been used yet, and is not connected") }
        do {
            switch try await link.reconnect() {
            case .wasConnected: return .success("connected: the server answers")
            case .isConnected: return .success("connected again")
            case .failed(let reason): return .failure(reason)
            }
        } catch {
            return .failure("interrupted")
        }
    }

    private func flush() async -> ControlReply {
        let failures = await bridge?.flush() ?? []
        guard !failures.isEmpty else { return .success("everything is on the server") }
        return .failure(failures.map(\.description).joined(separator: "\n"))
    }

    private func endWithoutWaiting() async -> ControlReply {
        let lost = await unwritten
        givesUp = true
        stop()
        return .success(
            lost.bytes == 0 ? "nothing is lost" : "lost: \(lost.inWords)")
    }

    private var standing: MountReport.Link {
        get async {
            switch await link?.state {
            case .connected: return .connected
            case .reconnecting(_, let reason):
                let failure = await link?.lastFailure.map { "; last attempt: \($0)" }
                return .reconnecting(reason: reason + (failure ?? ""))
            case .blocked(_, let failure): return .absent(reason: "\(failure)")
            case .ended: return .absent(reason: await connection?.client.closeReason?.description)
            case nil: return .absent(reason: nil)
            }
        }
    }

    /// For how long it has stood so.
    private var age: Duration {
        get async { loop.now - (await link?.stateSince ?? startTime) }
    }

    private var summary: MountSummary {
        get async {
            let standing = await standing
            return MountSummary(
                state: standing.state, seconds: Int(await age.components.seconds),
                process: getpid(), unwritten: await unwritten, reason: standing.reason)
        }
    }

    private func report() async -> MountReport {
        MountReport(
            source: options.source.text, mountPoint: mountPoint.path, process: getpid(),
            link: await standing, age: await age,
            facts: await connection?.facts, connections: await connection?.count ?? 0,
            traffic: await connection?.client.traffic, usage: await bridge?.usage,
            operations: await bridge?.statistics ?? OperationStatistics(), now: loop.now)
    }
}
