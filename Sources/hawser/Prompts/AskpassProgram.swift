// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import SSHCrypto
import Wire

/// A program that asks the user in a window and prints the answer, as ssh-askpass(1) does.
struct AskpassProgram {
    let path: String
    let loop: EpollLoop

    /// The longest answer, in bytes: ssh's.
    ///
    /// A program that prints more is ended, and has not answered.
    private static let answerBytes = 1023

    func answer(to question: Question) async -> Secret? {
        // What kind of window it should show, as ssh tells it.
        let hint = question.kind == .permission ? ["SSH_ASKPASS_PROMPT": "confirm"] : [:]
        let program = Program([path, question.text], environment: hint)
        do {
            let channel = try ProgramChannel(program, name: path, loop: loop)
            let answer = await read(channel)
            await channel.close()
            // A window with two buttons prints nothing: its exit status was the answer.
            if question.kind == .permission, answer?.count == 0 {
                return Secret(copying: "yes".utf8)
            }
            return answer
        } catch {
            Log.write("\(path): \(error)")
            return nil
        }
    }

    /// The first line that the program prints; nil if it fails.
    private func read(_ channel: ProgramChannel) async -> Secret? {
        var answer: [UInt8] = []
        answer.reserveCapacity(Self.answerBytes)
        defer { wipe(&answer) }
        do {
            try await channel.finishWriting()
            while var bytes = try await channel.read() {
                defer { wipe(&bytes) }
                guard answer.count + bytes.count <= Self.answerBytes else {
                    Log.write("\(path): printed more than \(Self.answerBytes) bytes")
                    return nil
                }
                answer += bytes
            }
        } catch {
            return nil
        }
        let end = answer.firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        return Secret(copying: answer[..<(end ?? answer.count)])
    }
}
