// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import Wire

extension EpollLoop {
    /// The largest datagram, in bytes.
    private static let largestDatagram = 1 << 16

    /// Sends a datagram from a port of its own, and waits for the answer to it.
    ///
    /// Only datagrams from `address` are looked at, which anybody can forge.
    ///
    /// - Parameters:
    ///   - address: whom to ask, at which port.
    ///   - question: the datagram that is sent, once.
    ///   - deadline: until when, in the loop's time.
    ///   - understand: makes an answer of a datagram; nil where it is none, and the wait goes on.
    /// - Throws: ``SystemError``, `ECONNREFUSED` for instance, ``TimeoutError`` or
    ///   `CancellationError`.
    public func ask<Answer>(
        _ address: SocketAddress, _ question: [UInt8], until deadline: Duration,
        understand: (Bytes) -> Answer?
    ) async throws -> Answer {
        let number = clinux_datagram_socket(address.family)
        guard number >= 0 else { throw SystemError.last("socket") }
        let socket = FileDescriptor(owning: number)
        guard unsafe clinux_connect(number, address.bytes, address.bytes.count) == 0 else {
            throw SystemError.last("connect")
        }
        return try await ask(socket, question, until: deadline, understand: understand)
    }

    private func ask<Answer>(
        _ socket: borrowing FileDescriptor, _ question: [UInt8], until deadline: Duration,
        understand: (Bytes) -> Answer?
    ) async throws -> Answer {
        let number = socket.rawValue
        let readable = WaitQueue(loop: self)
        let watch = try watch(number, for: .read) { _ in readable.wakeAll() }
        defer { unwatch(watch) }
        guard unsafe send(number, question, question.count, 0) == question.count else {
            throw SystemError.last("send")
        }
        while true {
            // One in a turn, so that a flood of them does not hold up the loop.
            try await readable.wait(until: deadline)
            var code: CInt = 0
            let datagram = unsafe [UInt8](unsafeUninitializedCapacity: Self.largestDatagram) {
                buffer, count in
                let result = unsafe recv(number, buffer.baseAddress, buffer.count, 0)
                code = result < 0 ? errno : 0
                count = max(result, 0)
            }
            if code == EAGAIN || code == EINTR { continue }
            guard code == 0 else { throw SystemError(call: "recv", code: code) }
            if let answer = understand(datagram[...]) { return answer }
        }
    }
}
