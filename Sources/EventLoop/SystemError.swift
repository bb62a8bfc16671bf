// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, Sendable {
    /// The call's name, such as `connect`.
    public let call: String
    /// The `errno` it left.
    public let code: CInt

    /// The failure of `call` with the error number `code`.
    public init(call: String, code: CInt) {
        self.call = call
        self.code = code
    }

    /// The failure of `call`, which has just returned -1.
    public static func last(_ call: String) -> SystemError {
        SystemError(call: call, code: errno)
    }

    /// The system's text for the error, such as `Connection refused`.
    public var reason: String {
        var text = [CChar](repeating: 0, count: 128)
        guard unsafe strerror_r(code, &text, text.count) == 0 else { return "error \(code)" }
        let bytes = text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension SystemError: CustomStringConvertible {
    /// `connect: Connection refused`.
    public var description: String { "\(call): \(reason)" }
}
