// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Testing
import Wire

/// Questions and answers in datagrams.
@Suite struct DatagramTests {
    /// A socket of the loopback address, and its port.
    private static func boundSocket() throws -> (number: CInt, address: SocketAddress) {
        let number = socket(
            AF_INET, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var count = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(number, address, count) | getsockname(number, address, &count)
            }
        }
        try #require(number >= 0 && result == 0)
        let port = UInt16(bigEndian: address.sin_port)
        return (number, try #require(SocketAddress.numeric("127.0.0.1", port: port)))
    }

    /// Answers every datagram with several.
    private static func answer(_ number: CInt, with answers: [[UInt8]]) {
        var sender = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var buffer = [UInt8](repeating: 0, count: 512)
        unsafe withUnsafeMutablePointer(to: &sender) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard unsafe recvfrom(number, &buffer, buffer.count, 0, address, &length) >= 0
                else { return }
                for answer in answers {
                    unsafe sendto(number, answer, answer.count, 0, address, length)
                }
            }
        }
    }

    @Test func waitsForTheAnswerThatItUnderstands() throws {
        let loop = try EpollLoop()
        let (number, address) = try Self.boundSocket()
        defer { close(number) }
        let watch = try loop.watch(number, for: .read) { _ in
            Self.answer(number, with: [[], [1], [2], [3]])
        }
        let answer = try loop.run {
            try await loop.ask(address, [7], until: loop.now + .seconds(60)) { bytes in
                bytes == [2] ? Array(bytes) : nil
            }
        }
        #expect(answer == [2])
        loop.unwatch(watch)
    }

    @Test func doesNotWaitForEver() throws {
        let loop = try EpollLoop()
        let (number, address) = try Self.boundSocket()
        #expect(throws: TimeoutError.self) {
            try loop.run {
                try await loop.ask(address, [7], until: loop.now + .milliseconds(20)) { _ in true }
            }
        }
        close(number)
        // Nobody is there any more, and the system says so.
        #expect(throws: SystemError(call: "recv", code: ECONNREFUSED)) {
            try loop.run {
                try await loop.ask(address, [7], until: loop.now + .seconds(60)) { _ in true }
            }
        }
    }
}
