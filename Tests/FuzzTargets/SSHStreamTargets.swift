// SPDX-License-Identifier: Apache-2.0

import SSHProtocol
import Wire

// An input is a sequence of chunks, each with a length of two bytes before it: what arrives at a time.
// Both sides' randomness is fixed, so that recorded chunks mean the same at each replay, encrypted or not.

extension FuzzTarget {
    /// What a server sends to our client, from the first byte on.
    static let sshClient = FuzzTarget(
        name: "ssh-client",
        seeds: { [recordSession().toClient] },
        run: { input in
            var client = ClientPeer()
            _ = client.react()
            for chunk in chunks(of: input) {
                client.connection.receive(chunk, now: .zero)
                _ = client.react()
            }
            client.connection.receiveEnd(now: .zero)
            _ = client.react()
            precondition(client.hasEnded, "the connection outlives its end")
        })

    /// What a client sends to our server, from the first byte on.
    static let sshServer = FuzzTarget(
        name: "ssh-server",
        seeds: { [recordSession().toServer] },
        run: { input in
            var server = ServerPeer()
            _ = server.react()
            for chunk in chunks(of: input) {
                server.connection.receive(chunk, now: .zero)
                _ = server.react()
            }
            server.connection.receiveEnd(now: .zero)
            _ = server.react()
            precondition(server.hasEnded, "the connection outlives its end")
        })
}

/// The chunks of an input; the last may be cut short.
func chunks(of input: Bytes) -> [Bytes] {
    var rest = input
    var chunks: [Bytes] = []
    while rest.count > 2 {
        let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
        chunks.append(rest.dropFirst(2).prefix(length))
        rest = rest.dropFirst(2 + length)
    }
    return chunks.filter { !$0.isEmpty }
}

func chunked(_ bytes: [UInt8]) -> [UInt8] {
    precondition(bytes.count <= 0xFFFF, "too long for a chunk")
    return [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
}

/// A whole session between the two, as each of them receives it.
private func recordSession() -> (toClient: [UInt8], toServer: [UInt8]) {
    var client = ClientPeer()
    var server = ServerPeer()
    var toClient: [UInt8] = []
    var toServer: [UInt8] = []
    while true {
        let fromClient = client.react()
        let fromServer = server.react()
        if fromClient.isEmpty && fromServer.isEmpty { break }
        if !fromClient.isEmpty {
            toServer += chunked(fromClient)
            server.connection.receive(fromClient[...], now: .zero)
        }
        if !fromServer.isEmpty {
            toClient += chunked(fromServer)
            client.connection.receive(fromServer[...], now: .zero)
        }
    }
    precondition(
        client.milestone == .answered && !client.hasEnded, "the recorded session came to nothing")
    return (toClient, toServer)
}
