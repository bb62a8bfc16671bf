// SPDX-License-Identifier: Apache-2.0

import Glibc
import MountOptions
import RemoteFS
import Synchronization

/// Converts texts from one code to another, by iconv(3).
@safe
final class CodeConverter: @unchecked Sendable {
    /// A descriptor has a state: one text at a time.
    private let lock = Mutex(())
    private let descriptor: iconv_t

    /// Nil where the system knows no such conversion.
    init?(from source: String, to target: String) {
        guard let descriptor = unsafe iconv_open(target, source),
            Int(bitPattern: descriptor) != -1
        else { return nil }
        unsafe self.descriptor = descriptor
    }

    deinit { _ = unsafe iconv_close(descriptor) }

    /// The text in the other code; nil if it can't be said there, or not so that it could be read back.
    func convert(_ text: [UInt8]) -> [UInt8]? {
        lock.withLock { _ in
            var input = text.map(CChar.init(bitPattern:))
            // The longest that a byte becomes is four, and the state may need an end.
            var output = [CChar](repeating: 0, count: 4 * text.count + 16)
            let room = output.count
            let left: Int? = unsafe input.withUnsafeMutableBufferPointer { input in
                unsafe output.withUnsafeMutableBufferPointer { output in
                    var source = input.baseAddress
                    var target = output.baseAddress
                    var (sourceLeft, targetLeft) = (input.count, output.count)
                    _ = unsafe iconv(descriptor, nil, nil, nil, nil)
                    guard
                        unsafe iconv(descriptor, &source, &sourceLeft, &target, &targetLeft) == 0,
                        unsafe iconv(descriptor, nil, nil, &target, &targetLeft) == 0
                    else { return nil }
                    return targetLeft
                }
            }
            guard let left else { return nil }
            return output[..<(room - left)].map(UInt8.init(bitPattern:))
        }
    }
}

extension MountOptions {
    /// How names are converted; nil if they aren't.
    ///
    /// - Throws: an error whose description is one line for the user.
    func nameConversion() throws -> NameConversion? {
        guard names.areConverted else { return nil }
        let shownCode = names.shownCode ?? Self.localeCode()
        guard let shown = CodeConverter(from: names.serverCode, to: shownCode),
            let sent = CodeConverter(from: shownCode, to: names.serverCode)
        else {
            throw CommandProblem(
                "names can't be converted from \(names.serverCode) to \(shownCode): no such code")
        }
        return NameConversion(shown: { shown.convert($0) }, sent: { sent.convert($0) })
    }

    private static func localeCode() -> String {
        _ = unsafe setlocale(LC_CTYPE, "")
        guard let name = unsafe nl_langinfo(nl_item(CODESET)) else { return "UTF-8" }
        return unsafe String(cString: name)
    }
}
