// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Wire

/// A session on the connection of an ssh process: our end of its standard streams.
struct SharedChannel: ByteChannel {
    let data: DescriptorChannel
    /// Stands as long as the session: without it, its master ends the session.
    let control: DescriptorChannel

    func read() async throws -> Bytes? { try await data.read() }

    func deliver(to receiver: any ByteReceiver) async { await data.deliver(to: receiver) }

    func enqueue(_ pieces: [Bytes]) throws -> Bool { try data.enqueue(pieces) }

    func waitForRoom() async throws { try await data.waitForRoom() }

    func finishWriting() async throws { try await data.finishWriting() }

    func close() async {
        await data.close()
        await control.close()
    }
}
