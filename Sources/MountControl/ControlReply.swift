// SPDX-License-Identifier: Apache-2.0

/// What a mount answers: one word and a line's end, then a text up to the end of the stream.
public struct ControlReply: Hashable, Sendable {
    /// Whether it has done what it was asked.
    public let isSuccess: Bool
    /// What it has to say: what was asked for, or what is wrong.
    public let text: String

    /// Done, and this is the answer.
    public static func success(_ text: String = "") -> ControlReply {
        ControlReply(isSuccess: true, text: text)
    }

    /// Not done, for this reason.
    public static func failure(_ reason: String) -> ControlReply {
        ControlReply(isSuccess: false, text: reason)
    }

    private init(isSuccess: Bool, text: String) {
        self.isSuccess = isSuccess
        self.text = text
    }

    /// The reply as it travels.
    var encoded: [UInt8] { Array("\(isSuccess ? "ok" : "failed")\n\(text)".utf8) }

    /// What has travelled; nil if it is no reply.
    init?(encoded: [UInt8]) {
        let text = String(decoding: encoded, as: UTF8.self)
        guard let end = text.utf8.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        switch text[..<end] {
        case "ok": isSuccess = true
        case "failed": isSuccess = false
        default: return nil
        }
        self.text = String(text[text.utf8.index(after: end)...])
    }
}
