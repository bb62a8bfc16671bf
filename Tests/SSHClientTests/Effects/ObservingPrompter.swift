// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SSHClient
import SSHConfig
import SSHCrypto
import Synchronization

/// Answers from a list, writes down what is asked and shown, and looks at the socket when a key is
/// offered, in the middle of logging in.
final class ObservingPrompter: Prompter {
    private struct State {
        var answers: [String]
        var seen: [String] = []
        var questions = 0
        var messages = 0
    }
    private let state: Mutex<State>
    private let port: UInt16

    init(_ answers: [String], port: UInt16) {
        state = Mutex(State(answers: answers))
        self.port = port
    }

    var seen: [String] {
        state.withLock {
            $0.seen + [
                "number of questions: \($0.questions)", "number of messages: \($0.messages)",
            ]
        }
    }

    func answer(to question: Question) async -> Secret? {
        state.withLock { state in
            state.questions += 1
            state.seen.append("asked: \(question.text)")
            return state.answers.isEmpty ? nil : Secret(copying: state.answers.removeFirst().utf8)
        }
    }

    func show(_ message: String, level: LogLevel) {
        var lines = message.split(separator: "\n").map { "said: \($0)" }
        if message.hasPrefix("Offering public key") {
            lines.append(ObservedSocket.description(port: port, when: "at the login"))
        }
        state.withLock { state in
            state.messages += 1
            state.seen += lines
        }
    }
}

/// How this process's socket to a port of the loopback is set.
enum ObservedSocket {
    static func description(port: UInt16, when: String) -> String {
        for descriptor in 3..<CInt(1024) where peerPort(of: descriptor) == port {
            let (keepsAlive, service) = (
                option(descriptor, SOL_SOCKET, SO_KEEPALIVE),
                option(descriptor, CInt(IPPROTO_IP), IP_TOS)
            )
            return "socket \(when): keepalive \(keepsAlive), type of service \(service)"
        }
        return "socket \(when): none"
    }

    private static func peerPort(of descriptor: CInt) -> UInt16? {
        var address = sockaddr_in()
        var count = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getpeername(descriptor, address, &count)
            }
        }
        guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func option(_ descriptor: CInt, _ level: CInt, _ name: CInt) -> CInt {
        var value: CInt = 0
        var count = socklen_t(MemoryLayout<CInt>.size)
        unsafe getsockopt(descriptor, level, name, &value, &count)
        return value
    }
}
