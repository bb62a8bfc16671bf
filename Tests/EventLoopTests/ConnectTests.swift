// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Testing
import Wire

@Suite struct ConnectTests {
    /// A listening TCP socket on the loopback address.
    private struct Listener: ~Copyable {
        let socket: FileDescriptor
        let port: UInt16

        init(backlog: CInt = 16) throws {
            socket = FileDescriptor(
                owning: Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
            let number = socket.rawValue
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var count = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe bind(number, address, count) | listen(number, backlog)
                        | getsockname(number, address, &count)
                }
            }
            try #require(result == 0)
            port = UInt16(bigEndian: address.sin_port)
        }
    }

    @Test func connectsAndCarriesBytes() throws {
        let loop = try EpollLoop()
        try loop.run {
            let listener = try Listener()
            let port = listener.port
            let addresses = try await loop.offload {
                try SocketAddress.resolve(host: "localhost", port: port, family: .ipv4)
            }
            let address = try #require(addresses.first)
            #expect(address.description == "127.0.0.1")
            #expect(address.isLoopback)
            let socket = try await loop.connect(
                to: address, deadline: loop.now + .seconds(10))
            let peer = accept(listener.socket.rawValue, nil, nil)
            let client = try DescriptorChannel(socket: socket, loop: loop)
            let server = try DescriptorChannel(socket: FileDescriptor(owning: peer), loop: loop)
            try await client.write([[1, 2, 3]])
            let received = try await server.read()
            #expect(received == [1, 2, 3])
            await client.close()
            await server.close()
        }
    }

    @Test func connectionIsToBreakWhereNothingIsAcknowledgedForATime() throws {
        let loop = try EpollLoop()
        try loop.run {
            let listener = try Listener()
            let addresses = try SocketAddress.resolve(
                host: "127.0.0.1", port: listener.port, family: .ipv4)
            let settings = ConnectionSettings(unacknowledgedTime: .seconds(15))
            let socket = try await loop.connect(
                to: try #require(addresses.first), settings: settings,
                deadline: loop.now + .seconds(10))
            var milliseconds: CUnsignedInt = 0
            var count = socklen_t(MemoryLayout<CUnsignedInt>.size)
            // tcp(7): TCP_USER_TIMEOUT.
            let result = unsafe getsockopt(
                socket.rawValue, CInt(IPPROTO_TCP), 18, &milliseconds, &count)
            #expect(result == 0)
            #expect(milliseconds == 15_000)
        }
    }

    @Test func refusedConnectionSaysSo() throws {
        let loop = try EpollLoop()
        try loop.run {
            // Bound, but closed again: nobody listens there.
            let port = try Listener().port
            let address = try #require(
                try SocketAddress.resolve(host: "127.0.0.1", port: port).first)
            await #expect(throws: SystemError(call: "connect", code: ECONNREFUSED)) {
                _ = try await loop.connect(to: address)
            }
        }
    }

    @Test func connectionThatNobodyAnswersTimesOut() throws {
        let loop = try EpollLoop()
        try loop.run {
            // The queue of a listener that never accepts: once full, it answers no more.
            let listener = try Listener(backlog: 0)
            let address = try #require(
                try SocketAddress.resolve(host: "127.0.0.1", port: listener.port).first)
            await #expect(throws: SystemError(call: "connect", code: ETIMEDOUT)) {
                var held: [CInt] = []
                defer { for number in held { close(number) } }
                while held.count < 16 {
                    held.append(
                        try await loop.connect(to: address, deadline: loop.now + .milliseconds(200))
                            .release())
                }
            }
        }
    }

    @Test func unknownHostSaysSo() {
        #expect(throws: ResolutionError.self) {
            try SocketAddress.resolve(host: "host.invalid", port: 22)
        }
    }

    @Test func missingUnixSocketSaysSo() throws {
        let loop = try EpollLoop()
        #expect(throws: SystemError(call: "connect", code: ENOENT)) {
            _ = try loop.connect(toUnixSocket: P_tmpdir + "/hawser/no such socket")
        }
        #expect(throws: SystemError(call: "connect", code: ENAMETOOLONG)) {
            _ = try loop.connect(toUnixSocket: String(repeating: "x", count: 200))
        }
    }

    /// What waits in the system's queue would otherwise arrive whenever the peer is reached again.
    @Test func abortedConnectionDeliversNothingMore() throws {
        let loop = try EpollLoop()
        try loop.run {
            let listener = try Listener()
            let port = listener.port
            let addresses = try await loop.offload {
                try SocketAddress.resolve(host: "127.0.0.1", port: port)
            }
            let channel = try DescriptorChannel(
                socket: try await loop.connect(to: try #require(addresses.first)), loop: loop)
            let peer = FileDescriptor(owning: accept(listener.socket.rawValue, nil, nil))
            try await channel.write([Bytes(repeating: 1, count: 100)])
            try await loop.sleep(for: .milliseconds(10))
            await channel.abort()
            var buffer = [UInt8](repeating: 0, count: 1000)
            var count = 1
            while count > 0 {
                count = unsafe read(peer.rawValue, &buffer, buffer.count)
            }
            #expect(count == -1)
            #expect(errno == ECONNRESET)
        }
    }
}
