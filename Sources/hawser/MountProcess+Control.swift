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
}

extension MountProcess {
    /// Makes the mount's private socket; without it the mount is as good, but can't be asked.
    func listen() {
        // A device that somebody has opened and mounted for us has no mount point that we know.
        guard let mount = MountTable.read().mount(at: mountPoint.path), mount.isOurs else { return }
        let socket = ControlSocket(device: mount.device, user: mount.userID ?? geteuid())
        do {
            control = try ControlServer(socket, loop: loop) { [unowned self] request in
                await answer(request)
            }
        } catch {
            Log.write("no status of this mount can be had: \(error)")
        }
    }

    private func answer(_ request: String) async -> ControlReply {
        switch ControlRequest(rawValue: request) {
        case .status: .success(await report().text)
        case .statusAsJSON: .success("\(await report().json)")
        case nil: .failure("a mount of \(versionText) can't do that: \(request)")
        }
    }

    private func report() async -> MountReport {
        let link: MountReport.Link
        switch await self.link?.state {
        case .connected: link = .connected
        case .reconnecting(_, let reason): link = .reconnecting(reason: reason)
        case .blocked(_, let failure): link = .absent(reason: "\(failure)")
        case .ended: link = .absent(reason: await connection?.client.closeReason?.description)
        case nil: link = .absent(reason: nil)
        }
        return MountReport(
            source: options.source.text, mountPoint: mountPoint.path, process: getpid(), link: link,
            age: loop.now - (await self.link?.stateSince ?? startTime),
            facts: await connection?.facts,
            traffic: await connection?.client.traffic, usage: await bridge?.usage,
            operations: await bridge?.statistics ?? OperationStatistics(), now: loop.now)
    }
}
