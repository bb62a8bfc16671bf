// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalSFTPServer
import Synchronization
import Testing
import Wire

/// A name server of the loopback address, for datagrams and streams, which the test's loop runs.
final class NameServer {
    /// The messages that answer a question.
    typealias Answers = @Sendable (_ question: [UInt8], _ isStream: Bool) -> [[UInt8]]

    let port: UInt16
    private let loop: EpollLoop
    private let sockets: [CInt]
    private let watches: [WatchID]
    private let log: Log

    /// What was asked.
    private final class Log: Sendable {
        let questions = Mutex<[[UInt8]]>([])
    }

    var questions: [[UInt8]] { log.questions.withLock { $0 } }

    init(_ loop: EpollLoop, _ answers: @escaping Answers) throws {
        self.loop = loop
        let log = Log()
        self.log = log
        let (streams, datagrams, port) = try Self.sockets()
        (self.port, sockets) = (port, [streams, datagrams])
        try #require(listen(streams, 8) == 0)
        let datagramWatch = try loop.watch(datagrams, for: .read) { _ in
            Self.answerDatagram(datagrams) { question in
                log.questions.withLock { $0.append(question) }
                return answers(question, false)
            }
        }
        let streamWatch = try loop.watch(streams, for: .read) { _ in
            let number = accept(streams, nil, nil)
            guard number >= 0 else { return }
            let socket = FileDescriptor(owning: number)
            guard let channel = try? DescriptorChannel(socket: socket, loop: loop) else { return }
            loop.spawn {
                try? await Self.serve(channel) { question in
                    log.questions.withLock { $0.append(question) }
                    return answers(question, true)
                }
                await channel.close()
            }
        }
        watches = [datagramWatch, streamWatch]
    }

    deinit {
        for watch in watches { loop.unwatch(watch) }
        for socket in sockets { close(socket) }
    }

    private static func serve(
        _ channel: DescriptorChannel, _ answers: ([UInt8]) -> [[UInt8]]
    ) async throws {
        var received: [UInt8] = []
        while received.count < 2 || received.count < 2 + Int(received[1]) {
            guard let bytes = try await channel.read() else { return }
            received += bytes
        }
        for answer in answers(Array(received[2...])) {
            let framed = [UInt8(answer.count >> 8), UInt8(answer.count & 0xFF)] + answer

            try await channel.write([framed[..<1]])
            try await channel.write([framed[1...]])
        }
        try await channel.finishWriting()
    }

    private static func answerDatagram(_ socket: CInt, _ answers: ([UInt8]) -> [[UInt8]]) {
        var sender = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var buffer = [UInt8](repeating: 0, count: 2048)
        unsafe withUnsafeMutablePointer(to: &sender) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let count = unsafe recvfrom(socket, &buffer, buffer.count, 0, address, &length)
                guard count >= 0 else { return }
                for answer in answers(Array(buffer[..<count])) {
                    unsafe sendto(socket, answer, answer.count, 0, address, length)
                }
            }
        }
    }

    /// A stream and a datagram socket with the same port.
    private static func sockets() throws -> (streams: CInt, datagrams: CInt, port: UInt16) {
        for _ in 0..<20 {
            let port = try TCPPort.free()
            let kinds = [SOCK_STREAM, SOCK_DGRAM].map { CInt($0.rawValue) }
            let numbers = kinds.map { kind in
                socket(AF_INET, kind | CInt(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
            }
            if numbers.allSatisfy({ isBound($0, port) }) { return (numbers[0], numbers[1], port) }
            for number in numbers { close(number) }
        }
        throw SystemError.last("bind")
    }

    private static func isBound(_ socket: CInt, _ port: UInt16) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let count = socklen_t(MemoryLayout<sockaddr_in>.size)
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(socket, address, count) == 0
            }
        }
    }
}

/// Replies to a question.
enum DNSReply {
    /// A message with the question of another.
    ///
    /// - Parameter flags: the second half of the header's flags: 0x20 for validated data.
    static func message(
        to question: [UInt8], flags: UInt8 = 0, isTruncated: Bool = false, records: [[UInt8]] = []
    ) -> [UInt8] {
        let header =
            question.prefix(2) + [isTruncated ? 0x83 : 0x81, 0x80 | flags, 0, 1, 0]
            + [UInt8(records.count), 0, 0, 0, 0]
        // Twelve bytes of header, the name, its type and class.
        let end = question[12...].firstIndex(of: 0).map { $0 + 5 } ?? question.count
        let answers = records.flatMap { record -> [UInt8] in
            let head: [UInt8] = [0xC0, 12, 0, 44, 0, 1, 0, 0, 0, 60, 0, UInt8(record.count)]
            return head + record
        }
        return header + question[12..<end] + answers
    }

    /// The records that `ssh-keygen -r` makes of a test's key.
    static func records(_ key: String) throws -> [[UInt8]] {
        let path = try TestKeys.path(key) + ".pub"
        return try run("ssh-keygen", "-r", "host", "-f", path).output.split(separator: "\n").map {
            let fields = $0.split(separator: " ")
            let hex = Array(fields[5].utf8)
            return [UInt8(fields[3]) ?? 0, UInt8(fields[4]) ?? 0]
                + stride(from: 0, to: hex.count, by: 2).compactMap {
                    UInt8(String(decoding: hex[$0..<$0 + 2], as: UTF8.self), radix: 16)
                }
        }
    }
}
