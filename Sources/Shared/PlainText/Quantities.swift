import Foundation

/// Numbers as people read them. The text depends on the value alone, never on a locale.
package enum Quantities {
    /// A number with so many digits after the point, such as `12.50`.
    package static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return "–" }
        let text = String(format: "%.\(max(0, digits))f", value)
        // Rounding leaves "-0.0" of a small negative number.
        let isZero = !text.contains { ("1"..."9").contains($0) }
        return isZero && text.hasPrefix("-") ? String(text.dropFirst()) : text
    }

    /// A number with about three significant digits, such as `0.0123`, `4.56` or `789`; exponents beyond that.
    package static func significant(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let size = abs(value)
        if size == 0 { return "0" }
        if size < 1e-3 || size >= 1e7 { return String(format: "%.2e", value) }
        return fixed(value, digits: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4)
    }

    /// A count with its thousands set apart, such as `3,072`.
    package static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    /// A stretch of time, such as `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 03 min` or `3 d 04 h`.
    package static func duration(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "–" }
        let seconds = max(0, seconds)
        if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 59.95 { return fixed(seconds, digits: 1) + " s" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
        if whole < 86400 { return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min" }
        return "\(whole / 86400) d \(padded(whole % 86400 / 3600)) h"
    }

    /// A number of bytes, such as `512 B`, `1.5 KiB` or `2.0 GiB`.
    package static func bytes(_ count: UInt64) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var value = Double(count)
        if count < 1024 { return "\(count) B" }
        var unit = 0
        value /= 1024
        while value >= 1023.95, unit + 1 < units.count {
            value /= 1024
            unit += 1
        }
        return fixed(value, digits: 1) + " " + units[unit]
    }

    /// How often something happens, such as `12.3 rows/s`, or `4.1 steps/min` where it is rare.
    package static func rate(_ perSecond: Double, of unit: String) -> String {
        guard perSecond.isFinite, perSecond >= 0 else { return "–" }
        if perSecond >= 1 || perSecond == 0 { return significant(perSecond) + " \(unit)/s" }
        if perSecond * 60 >= 1 { return significant(perSecond * 60) + " \(unit)/min" }
        return significant(perSecond * 3600) + " \(unit)/h"
    }

    private static func padded(_ value: Int) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
