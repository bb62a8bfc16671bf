// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import RemoteFS

// A mount whose file system is made when it is first used (`delay_connect`).

extension FuseBridge {
    /// Whether a request waits in the device, and not the end of the mount.
    func requestWaits(_ descriptor: CInt) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&waiting, 1, 0) == 1 && waiting.revents & Int16(POLLIN) != 0
    }

    /// Makes the file system, for the request that waits in the device, and goes on.
    ///
    /// Meanwhile nothing is taken from the device: whoever waits there can be interrupted by the kernel.
    /// If it can't be made, what waits then fails, and the next request tries again.
    func obtainFileSystem(by make: @escaping FileSystemMaker) {
        stopWatching()
        loop.spawn { [self] in
            do {
                await adopt(try await make())
            } catch {
                await refuseWhatWaits()
            }
        }
    }

    private func adopt(_ fileSystem: RemoteFS) async {
        self.fileSystem = fileSystem
        await listen(to: fileSystem)
        goOn()
    }

    private func refuseWhatWaits() {
        guard let session else { return }
        while receiveOne(from: session.descriptor) {}
        if self.session != nil { goOn() }
    }

    private func goOn() {
        guard let session else { return }
        do {
            try watchDevice(session.descriptor)
        } catch {
            end()
        }
    }
}
