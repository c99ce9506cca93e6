/// The version of coordinator and worker.
package let productVersion = "0.1.0"
