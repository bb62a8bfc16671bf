// SPDX-License-Identifier: Apache-2.0

import CLinux
import CopyEngine
import Glibc
import JSON
import Synchronization
import Wire

/// Shows how far a copy is: one line that changes on a terminal, a line now and then elsewhere, or lines
/// of JSON for programs.
final class CopyMeter: CopyObserver {
    private enum Way {
        case terminal, lines, json, none
    }
    private struct State {
        var isShown = false
        var isFinished = false
        var rate = 0.0
        var last: (bytes: UInt64, time: Duration)
    }

    private let way: Way
    private let isQuiet: Bool
    private let state: Mutex<State>

    /// How much the last moment counts in the rate that is shown, as in scp's meter.
    private static let newness = 0.1

    /// - Parameter now: the time, as ``draw(_:now:)`` will be told it.
    init(isQuiet: Bool, writesJSON: Bool, now: Duration) {
        state = Mutex(State(last: (0, now)))
        self.isQuiet = isQuiet
        way =
            if writesJSON {
                .json
            } else if isQuiet {
                .none
            } else {
                isatty(STDOUT_FILENO) == 1 ? .terminal : .lines
            }
    }

    /// How often it is drawn.
    var interval: Duration { way == .terminal ? .milliseconds(500) : .seconds(30) }

    var isFinished: Bool { state.withLock { $0.isFinished } }

    // MARK: What happens

    func failed(_ path: String, _ reason: String) {
        if way == .json {
            write(["event": "failed", "path": .string(path), "reason": .string(reason)])
        }
        say("\(path): \(reason)")
    }

    func note(_ path: String, _ text: String) {
        if way == .json {
            write(["event": "note", "path": .string(path), "text": .string(text)])
        }
        say("\(path): \(text)")
    }

    func copied(_ path: String, bytes: UInt64) {
        guard way == .json else { return }
        write(["event": "copied", "path": .string(path), "bytes": JSON(bytes)])
    }

    func removed(_ path: String) { tell("removed", path) }

    func planned(_ path: String) { tell("planned", path) }

    /// Tells of what is to be seen even where nothing is wrong.
    private func tell(_ event: String, _ path: String) {
        switch way {
        case .json: write(["event": .string(event), "path": .string(path)])
        case .none: break
        case .terminal, .lines:
            clear()
            write(text: "\(event == "planned" ? "would copy" : event) \(path)\n")
        }
    }

    /// Says something on a line of its own.
    func say(_ text: String) {
        clear()
        complain(text)
    }

    // MARK: The line

    /// Shows the state.
    func draw(_ progress: CopyProgress, now: Duration) {
        let rate = state.withLock { state in
            let time = (now - state.last.time).seconds
            let bytes =
                progress.bytesDone >= state.last.bytes ? progress.bytesDone - state.last.bytes : 0
            if time > 0 {
                let current = Double(bytes) / time
                let weight = state.rate == 0 ? 1 : Self.newness
                state.rate += (current - state.rate) * weight
            }
            state.last = (progress.bytesDone, now)
            return state.rate
        }
        switch way {
        case .terminal:
            state.withLock { $0.isShown = true }
            let line = Self.line(progress, rate: rate, width: Self.terminalWidth)
            write(text: "\r\(line)\u{1B}[K")
        case .lines: complain(Self.line(progress, rate: rate, width: .max))
        case .json, .none: break
        }
    }

    /// Says on a line of its own how far it is.
    func tellState(_ progress: CopyProgress) {
        say(Self.line(progress, rate: state.withLock { $0.rate }, width: .max))
    }

    /// Shows the end.
    func finish(_ progress: CopyProgress) {
        let wasFinished = state.withLock { state in
            defer { state.isFinished = true }
            return state.isFinished
        }
        guard !wasFinished else { return }
        switch way {
        case .terminal:
            write(text: "\r\(Self.line(progress, rate: nil, width: Self.terminalWidth))\u{1B}[K\n")
        case .json:
            write([
                "event": "end", "files": JSON(progress.filesDone),
                "bytes": JSON(progress.bytesDone),
                "removed": JSON(progress.removed),
                "skipped": JSON(progress.filesSkipped), "problems": JSON(progress.problems),
                "parts": JSON(progress.partsLeft),
            ])
        case .lines, .none: break
        }
        state.withLock { $0.isShown = false }
        if progress.problems > 1 {
            complain("\(progress.problems) of these could not be copied, each named above")
        }
    }

    /// Says how to go on, if there is something to go on with.
    func tellHowToGoOn(_ progress: CopyProgress, isInterrupted: Bool) {
        guard isInterrupted || progress.partsLeft > 0 else { return }
        let files = progress.partsLeft == 1 ? "a file" : "\(progress.partsLeft) files"
        let parts = progress.partsLeft == 0 ? "interrupted" : "of \(files) a part is left"
        // Otherwise it would go into the directory that is there now, as scp does it.
        let way = progress.makesTarget ? "--resume and a source that ends in /." : "--resume"
        say("\(parts); the same command with \(way) goes on")
    }

    private func clear() {
        let wasShown = state.withLock { state in
            defer { state.isShown = false }
            return state.isShown
        }
        if wasShown { write(text: "\r\u{1B}[K") }
    }

    /// A line that is no wider than a terminal; the name gives way first.
    static func line(_ progress: CopyProgress, rate: Double?, width: Int) -> String {
        var parts: [String] = []
        if progress.filesFound != 1 {
            parts.append(
                "\(progress.filesDone + progress.filesSkipped)/\(progress.filesFound) files")
        }
        if progress.bytesFound > 0 {
            let part = Double(progress.bytesDone) / Double(progress.bytesFound)
            parts.append("\(Int(min(part, 1) * 100))%")
        }
        parts.append(progress.bytesDone.inBytes)
        if let rate {
            parts.append("\(UInt64(max(rate, 0)).inBytes)/s")
            if rate > 1, progress.bytesFound > progress.bytesDone {
                let left = Double(progress.bytesFound - progress.bytesDone) / rate
                if left < 8_640_000 { parts.append("\(Duration.seconds(left).inWords) left") }
            }
        }
        if progress.problems > 0 { parts.append("\(progress.problems) failed") }
        let text = parts.joined(separator: "  ")
        let name = TerminalText.line(String(keepingBytesOf: progress.current))
        return text + fitting("  " + name, to: width == .max ? width : width - 1 - text.utf8.count)
    }

    /// The start of a text; what is not ASCII counts as wide, so that no line ever breaks.
    private static func fitting(_ text: String, to width: Int) -> String {
        var left = width
        var result = ""
        for character in text {
            left -= character.isASCII ? 1 : 2
            guard left >= 0 else { return result }
            result.append(character)
        }
        return result
    }

    private static var terminalWidth: Int {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 80
        }
        return Int(size.ws_col)
    }

    private func write(_ event: JSON) { write(text: "\(event)\n") }

    private func write(text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(STDOUT_FILENO, bytes, bytes.count)
    }
}
